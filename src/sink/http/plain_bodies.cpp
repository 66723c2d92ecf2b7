#include "sink/http/plain_bodies.hpp"

#include <algorithm>
#include <utility>

#include "logdist/base/check.hpp"
#include "logdist/core/packet.hpp"

namespace logdist::sink {

core::Attempt* PlainBodies::recall(AnalyzerId analyzer) {
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [analyzer](const core::Attempt& attempt) { return attempt.analyzer == analyzer; });
  if (found == waiting_.end()) return nullptr;
  if (found == waiting_.begin()) {
    builder_.take();
    count(held_bytes_);
  }
  core::Attempt& attempt = *found;
  waiting_.erase(found);
  return &attempt;
}

bool PlainBodies::can_step() const {
  if (waiting_.empty()) return false;
  if (held_bytes_ == 0) return true;
  const std::size_t wanted = held_bytes_ + builder_.wanted_capacity();
  if (wanted > limits_.held_max) return false;
  return limits_.memory == nullptr || wanted <= counted_bytes_ || limits_.memory->has_room(wanted - counted_bytes_);
}

/// For the next step. False: somebody else was quicker.
bool PlainBodies::take_room() {
  const std::size_t wanted = held_bytes_ + builder_.wanted_capacity();
  if (limits_.memory == nullptr || wanted <= counted_bytes_) return true;
  if (held_bytes_ == 0) {
    limits_.memory->hold(wanted - counted_bytes_);
  } else if (!limits_.memory->try_hold(wanted - counted_bytes_)) {
    return false;
  }
  counted_bytes_ = wanted;
  return true;
}

/// No more than `bytes` are held any longer.
void PlainBodies::count(std::size_t bytes) {
  if (counted_bytes_ > bytes) limits_.memory->let_go(std::exchange(counted_bytes_, bytes) - bytes);
}

PlainBodies::Step PlainBodies::step() {
  core::Attempt& attempt = waiting_.front();
  const core::Packet& packet = *attempt.packet;
  if (!builder_.is_under_way()) {
    const bool begun = builder_.begin(packet.coding, packet.body.view(), limits_.content_max);
    LOGDIST_CHECK(begun);  // only one is under way
    if (!can_step()) return {};
  }
  if (!take_room()) return {};
  const std::size_t before = builder_.size();
  const codec::ContentBuilder::Progress progress = builder_.step();
  Step step{builder_.size() - before, nullptr};
  if (progress == codec::ContentBuilder::Progress::more) return step;
  codec::Content content = builder_.take();
  waiting_.pop_front();
  step.ready = &attempt;
  if (progress == codec::ContentBuilder::Progress::complete) {
    held_bytes_ += content.capacity();
    keep(attempt, std::move(content));
  }
  count(held_bytes_);
  return step;
}

std::optional<codec::Content> PlainBodies::take(const core::Attempt& attempt) {
  if (contents_.empty()) return std::nullopt;
  auto node = contents_.extract(&attempt);
  if (node.empty()) return std::nullopt;
  return std::move(node.mapped());
}

void PlainBodies::drop(const core::Attempt& attempt) {
  const auto node = contents_.extract(&attempt);
  if (node.empty()) return;
  held_bytes_ -= node.mapped().capacity();
  count(held_bytes_ + builder_.capacity());
}

}  // namespace logdist::sink
