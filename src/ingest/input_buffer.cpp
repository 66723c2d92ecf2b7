#include "ingest/input_buffer.hpp"

#include <cstring>
#include <utility>

namespace logdist::ingest {

std::span<char> InputBuffer::space() {
  if (empty()) {
    begin_ = end_ = base();
  } else if (size() == capacity()) {
    enlarge();
  } else if (end_ - base() > static_cast<std::ptrdiff_t>(capacity() / 2) && begin_ != base()) {
    std::memmove(base(), begin_, size());
    end_ = base() + size();
    begin_ = base();
  }
  return {end_, static_cast<std::size_t>(base() + capacity() - end_)};
}

void InputBuffer::enlarge() {
  if (large_) return;
  std::unique_ptr<char[]> larger(new char[max_size]);
  const std::size_t held = size();
  std::memcpy(larger.get(), begin_, held);
  large_ = std::move(larger);
  begin_ = large_.get();
  end_ = begin_ + held;
}

void InputBuffer::shrink() {
  if (!large_ || !empty()) return;
  large_.reset();
  begin_ = end_ = base();
}

}  // namespace logdist::ingest
