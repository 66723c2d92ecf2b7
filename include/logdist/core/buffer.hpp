// Body buffers: padded for simdjson, recycled without malloc's trimming.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace logdist::core {

class BufferPool;

/// Bytes of one body, in one block with room for simdjson's padding behind
/// them. Move-only; gives its block back to the pool it came from, which must
/// outlive it. Confined to the thread of its pool. A default-constructed or
/// moved-from buffer is empty, has no room and belongs to no pool.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer();

  /// The first byte; `capacity()` bytes may be written, and the padding behind
  /// them may be read: every byte of a block has a value, if an old one.
  char* data() { return data_; }
  const char* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  std::string_view view() const { return {data_, size_}; }

  /// Sets how many bytes are body, at most `capacity()`. Does not touch them.
  void resize(std::size_t size);

  /// Appends `bytes`, growing at least twofold into a larger block of the pool
  /// when they do not fit. They may be bytes of this buffer.
  void append(std::string_view bytes);

 private:
  friend class BufferPool;
  Buffer(BufferPool& pool, char* data, std::size_t capacity) : pool_(&pool), data_(data), capacity_(capacity) {}
  void release() noexcept;

  BufferPool* pool_ = nullptr;
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// Blocks by size class (four a doubling, so at most a quarter is slack),
/// kept for reuse up to `max_kept_bytes`; beyond that, and above
/// `max_kept_capacity` each, they go back to the heap. The idle blocks of a
/// class are a list threaded through the blocks themselves: keeping one
/// allocates nothing. Confined to one thread. Must outlive its buffers.
class BufferPool {
 public:
  /// The smallest size class: shorter bodies get this much room.
  static constexpr std::size_t min_capacity = 512;
  /// The largest size class that is kept for reuse.
  static constexpr std::size_t max_kept_capacity = std::size_t{1} << 20;

  explicit BufferPool(std::size_t max_kept_bytes) : max_kept_bytes_(max_kept_bytes) {}
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  /// A buffer of size 0 and at least `capacity` bytes of room. Throws
  /// std::bad_alloc when the heap has none: callers bound what they ask for.
  Buffer take(std::size_t capacity);

  /// Bytes kept for reuse now, at most `max_kept_bytes`.
  std::size_t kept_bytes() const { return kept_bytes_; }

 private:
  friend class Buffer;
  static constexpr std::size_t class_count = 45;  ///< 512 B to 1 MiB: 11 doublings of four, and the first

  void give_back(char* block, std::size_t capacity) noexcept;

  const std::size_t max_kept_bytes_;
  std::size_t kept_bytes_ = 0;
  std::array<char*, class_count> idle_{};  ///< by size class, the first block of each list
};

}  // namespace logdist::core
