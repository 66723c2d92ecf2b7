// Body buffers: padded for simdjson, recycled without malloc's trimming.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace logdist::packet {

class BufferPool;

/// Bytes of one body, in one block with room for simdjson's padding behind
/// them. Move-only; gives its block back to the pool it came from, which must
/// outlive it. Confined to the thread of its pool.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer();

  /// The first byte; `capacity()` bytes may be written, and the padding behind
  /// them may be read.
  char* data() { return data_; }
  const char* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  std::string_view view() const { return {data_, size_}; }

  /// Sets how many bytes are body, at most `capacity()`. Does not touch them.
  void resize(std::size_t size);

  /// Appends `bytes`, growing into a larger block when they do not fit.
  void append(std::string_view bytes);

 private:
  friend class BufferPool;
  Buffer(BufferPool& pool, char* data, std::size_t capacity) : pool_(&pool), data_(data), capacity_(capacity) {}

  BufferPool* pool_ = nullptr;
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// Blocks by size class (four a doubling, so at most a quarter is slack),
/// kept for reuse up to `max_kept_bytes`; beyond that they go back to the heap.
/// Confined to one thread. Must outlive its buffers.
class BufferPool {
 public:
  explicit BufferPool(std::size_t max_kept_bytes) : max_kept_bytes_(max_kept_bytes) {}
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  /// A buffer of size 0 and at least `capacity` bytes of room.
  Buffer take(std::size_t capacity);

  /// Bytes kept for reuse now.
  std::size_t kept_bytes() const { return kept_bytes_; }

 private:
  friend class Buffer;
  void give_back(char* block, std::size_t capacity) noexcept;

  const std::size_t max_kept_bytes_;
  std::size_t kept_bytes_ = 0;
  std::vector<std::vector<char*>> free_;  ///< by size class
};

}  // namespace logdist::packet
