#include "upstream/pipeline.hpp"

#include "logdist/base/check.hpp"
#include "logdist/packet/packet.hpp"

namespace logdist::upstream {

Pipeline::Pipeline(std::size_t capacity, Connection* connection) : slots_(capacity) {
  for (Slot& slot : slots_) slot.connection = connection;
}

std::size_t Pipeline::length_of(const Slot& slot) { return slot.head.size() + slot.attempt->packet->body.size(); }

Slot& Pipeline::push_back() {
  LOGDIST_CHECK(size_ < slots_.size());
  ++size_;
  return back();
}

void Pipeline::pop_front() {
  LOGDIST_CHECK(size_ > 0);
  if (written_ > 0) {
    --written_;
  } else {
    partial_bytes_ = 0;
  }
  first_ = place_of(1);
  --size_;
}

void Pipeline::pop_back() {
  LOGDIST_CHECK(size_ > begun());
  --size_;
}

Gathered Pipeline::gather() const {
  Gathered pieces;
  std::size_t skip = partial_bytes_;
  // A request is at most two pieces: no half of one is left out at the end.
  for (std::size_t index = written_; index < size_ && pieces.size() + 2 <= pieces.capacity(); ++index) {
    const Slot& slot = slots_[place_of(index)];
    for (const std::string_view piece : {std::string_view(slot.head), slot.attempt->packet->body.view()}) {
      if (skip < piece.size()) pieces.emplace_back(piece.data() + skip, piece.size() - skip);
      skip -= std::min(skip, piece.size());
    }
  }
  return pieces;
}

void Pipeline::wrote(std::size_t bytes) {
  partial_bytes_ += bytes;
  while (written_ < size_) {
    const std::size_t length = length_of(slots_[place_of(written_)]);
    if (partial_bytes_ < length) return;
    partial_bytes_ -= length;
    ++written_;
  }
  LOGDIST_CHECK(partial_bytes_ == 0);
}

}  // namespace logdist::upstream
