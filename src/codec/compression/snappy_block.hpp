// A snappy block, decompressed in slices.
//
// libsnappy decompresses a block as a whole, which is what blocks of usual size get; a block of 64 MiB would
// keep its caller for 50 ms. The format is two kinds of elements (github.com/google/snappy,
// format_description.txt), literals and copies from the content so far, so that going on in the middle is
// a matter of remembering the one under way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace logdist::codec {

/// Confined to one thread. Allocates nothing.
class SnappyBlock {
 public:
  enum class Status : std::uint8_t { more, complete, truncated, malformed, trailing };
  /// Blocks of up to this many bytes of content are left to libsnappy.
  static constexpr std::size_t whole_max = std::size_t{1} << 20;

  /// The size that the block claims to have, 32 bits; none when it does not begin with one.
  static std::optional<std::size_t> content_size(std::string_view block);

  /// `block` begins with its size, and stays where it is.
  void begin(std::string_view block);

  /// Writes to `out` what comes next, until it is full; the content before lies right before `out`.
  Status run(std::span<char> out, std::size_t& written);

  /// Of the block, what is read.
  std::size_t position() const { return position_; }

 private:
  bool decompress_whole(std::span<char> out);
  Status next_element();
  std::size_t copy(std::span<char> out);

  std::string_view block_;
  std::size_t position_ = 0;
  std::size_t content_size_ = 0;
  std::size_t produced_ = 0;
  std::size_t left_ = 0;    ///< of the element under way
  std::size_t offset_ = 0;  ///< of a copy; 0 of a literal
};

}  // namespace logdist::codec
