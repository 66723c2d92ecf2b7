// What was read from a connection and not yet used.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace logdist::ingest {

/// 4 KiB inline; grows once, to `max_size`, for a long head or a chunked body.
/// Views stay valid until one of the calls that are not const, but for consume().
class InputBuffer {
 public:
  static constexpr std::size_t inline_size = 4 * 1024;
  static constexpr std::size_t max_size = 16 * 1024;

  InputBuffer() {}  // NOLINT: the bytes need no value
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;

  std::string_view view() const { return {begin_, static_cast<std::size_t>(end_ - begin_)}; }
  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }
  bool empty() const { return begin_ == end_; }
  /// Whether space() would be empty.
  bool full() const { return size() == max_size; }

  /// The first `count` bytes are used.
  void consume(std::size_t count) { begin_ += count; }

  /// Where to read to, at least one byte unless full().
  std::span<char> space();
  /// The first `count` bytes of space() were read.
  void commit(std::size_t count) { end_ += count; }

  /// Takes the larger block now: many bytes are to come.
  void enlarge();
  /// Back to the inline bytes, when nothing is held.
  void shrink();

 private:
  char* base() { return large_ ? large_.get() : inline_.data(); }
  std::size_t capacity() const { return large_ ? max_size : inline_size; }

  std::array<char, inline_size> inline_;  ///< first: what follows points into it
  char* begin_ = inline_.data();
  char* end_ = inline_.data();
  std::unique_ptr<char[]> large_;
};

}  // namespace logdist::ingest
