#include "logdist/core/buffer.hpp"

#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include <simdjson.h>

#include "logdist/base/check.hpp"

namespace logdist::core {
namespace {

constexpr unsigned classes_per_doubling = 4;

/// A place in the list of size classes, and the room its blocks have.
struct SizeClass {
  std::size_t index = 0;
  std::size_t capacity = BufferPool::min_capacity;
};

/// The smallest class with room for `capacity`.
constexpr SizeClass size_class_of(std::size_t capacity) {
  if (capacity <= BufferPool::min_capacity) return {};
  const std::size_t last = capacity - 1;
  const std::size_t doubling = std::bit_floor(last);
  const std::size_t step = doubling / classes_per_doubling;
  const std::size_t steps = (last - doubling) / step + 1;
  const auto doublings = static_cast<std::size_t>(std::countr_zero(doubling / BufferPool::min_capacity));
  return {doublings * classes_per_doubling + steps, doubling + steps * step};
}

/// Zeroed, so that simdjson may read behind the body; recycled blocks are not
/// zeroed again, whatever they hold has a value.
char* allocate_block(std::size_t capacity) {
  void* block = std::calloc(capacity + simdjson::SIMDJSON_PADDING, 1);
  if (block == nullptr) throw std::bad_alloc();
  return static_cast<char*>(block);
}

char* next_idle(const char* block) {
  char* next = nullptr;
  std::memcpy(&next, block, sizeof(next));
  return next;
}

void set_next_idle(char* block, const char* next) { std::memcpy(block, &next, sizeof(next)); }

}  // namespace

Buffer::Buffer(Buffer&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  if (this != &other) {
    release();
    pool_ = std::exchange(other.pool_, nullptr);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
  }
  return *this;
}

Buffer::~Buffer() { release(); }

void Buffer::release() noexcept {
  if (pool_ != nullptr) pool_->give_back(data_, capacity_);
}

void Buffer::resize(std::size_t size) {
  LOGDIST_CHECK(size <= capacity_);
  size_ = size;
}

void Buffer::append(std::string_view bytes) {
  if (bytes.empty()) return;
  if (bytes.size() <= capacity_ - size_) {
    std::memcpy(data_ + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
    return;
  }
  LOGDIST_CHECK(pool_ != nullptr);
  Buffer larger = pool_->take(std::max(size_ + bytes.size(), 2 * capacity_));
  std::memcpy(larger.data_, data_, size_);
  std::memcpy(larger.data_ + size_, bytes.data(), bytes.size());
  larger.size_ = size_ + bytes.size();
  *this = std::move(larger);
}

BufferPool::~BufferPool() {
  for (char* block : idle_) {
    while (block != nullptr) std::free(std::exchange(block, next_idle(block)));
  }
}

Buffer BufferPool::take(std::size_t capacity) {
  const SizeClass size_class = size_class_of(capacity);
  if (size_class.index < idle_.size() && idle_[size_class.index] != nullptr) {
    char* block = idle_[size_class.index];
    idle_[size_class.index] = next_idle(block);
    kept_bytes_ -= size_class.capacity;
    return {*this, block, size_class.capacity};
  }
  return {*this, allocate_block(size_class.capacity), size_class.capacity};
}

void BufferPool::give_back(char* block, std::size_t capacity) noexcept {
  static_assert(size_class_of(max_kept_capacity).index == class_count - 1);
  if (capacity > max_kept_capacity || capacity > max_kept_bytes_ - kept_bytes_) {
    std::free(block);
    return;
  }
  char*& first = idle_[size_class_of(capacity).index];
  set_next_idle(block, first);
  first = block;
  kept_bytes_ += capacity;
}

}  // namespace logdist::core
