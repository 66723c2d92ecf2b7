#include "sink/http/pipeline.hpp"

#include "logdist/base/check.hpp"
#include "logdist/core/packet.hpp"

namespace logdist::sink {

Pipeline::Pipeline(std::size_t capacity, Connection* connection) : requests_(capacity) {
  for (InFlightRequest& request : requests_) request.connection = connection;
}

std::size_t Pipeline::length_of(const InFlightRequest& request) {
  return request.head.size() + (request.content ? request.content->size() : request.attempt->packet->body.size());
}

InFlightRequest& Pipeline::push_back() {
  LOGDIST_CHECK(size_ < requests_.size());
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
  const auto add = [&pieces, &skip](std::string_view piece) {
    if (skip < piece.size()) pieces.emplace_back(piece.data() + skip, piece.size() - skip);
    skip -= std::min(skip, piece.size());
  };
  // A request is two pieces, but for a content of more than one: no half of one is left out at the end.
  for (std::size_t index = written_; index < size_ && pieces.size() + 2 <= pieces.capacity(); ++index) {
    const InFlightRequest& request = requests_[place_of(index)];
    add(request.head);
    if (!request.content) {
      add(request.attempt->packet->body.view());
      continue;
    }
    for (const core::Buffer& piece : request.content->pieces) {
      if (pieces.size() == pieces.capacity()) return pieces;
      add(piece.view());
    }
  }
  return pieces;
}

void Pipeline::wrote(std::size_t bytes) {
  partial_bytes_ += bytes;
  while (written_ < size_) {
    const std::size_t length = length_of(requests_[place_of(written_)]);
    if (partial_bytes_ < length) return;
    partial_bytes_ -= length;
    ++written_;
  }
  LOGDIST_CHECK(partial_bytes_ == 0);
}

}  // namespace logdist::sink
