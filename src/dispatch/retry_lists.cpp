#include "dispatch/retry_lists.hpp"

#include <algorithm>
#include <utility>

#include "logdist/base/check.hpp"

namespace logdist::dispatch {

using queue::Delivery;

RetryLists::Key RetryLists::key_of(const Delivery& delivery) {
  const auto excluded = delivery.retry_state.excluded();
  Excluded sorted(excluded.begin(), excluded.end());
  std::sort(sorted.begin(), sorted.end());
  return {std::move(sorted), delivery.packet.protocol, delivery.retry_state.only(),
          delivery.retry_state.attempts() > 0};
}

RetryLists::~RetryLists() {
  for (auto& [key, group] : groups_) group.packets.clear();
}

void RetryLists::insert(Delivery& delivery) {
  const auto [place, is_new] = groups_.try_emplace(key_of(delivery));
  Group& group = place->second;
  if (is_new) {
    group.excluded = &std::get<Excluded>(place->first);
    group.protocol = delivery.packet.protocol;
    group.only = delivery.retry_state.only();
    group.made = ++made_;
    group.packets.insert(delivery);
    const auto entered = line_.emplace(position_of(group), &group).first;
    if (cursor_ == line_.end() || entered->first < cursor_->first) cursor_ = entered;
    return;
  }
  const Position before = position_of(group);
  group.packets.insert(delivery);
  move(group, before);
}

void RetryLists::erase(Delivery& delivery) {
  const auto place = groups_.find(key_of(delivery));
  LOGDIST_CHECK(place != groups_.end());
  Group& group = place->second;
  const Position before = position_of(group);
  group.packets.erase(group.packets.iterator_to(delivery));
  if (!group.packets.empty()) return move(group, before);
  const auto entry = line_.find(before);
  if (cursor_ == entry) ++cursor_;
  line_.erase(entry);
  groups_.erase(place);
}

/// Its first packet is another one now.
void RetryLists::move(Group& group, Position from) {
  const Position to = position_of(group);
  if (to == from) return;
  const auto entry = line_.find(from);
  if (cursor_ == entry) ++cursor_;
  line_.erase(entry);
  const auto entered = line_.emplace(to, &group).first;
  if (cursor_ == line_.end() || entered->first < cursor_->first) cursor_ = entered;
}

void RetryLists::begin_pass() {
  ++pass_;
  cursor_ = line_.begin();
}

RetryLists::Group* RetryLists::first() {
  while (cursor_ != line_.end() && cursor_->second->blocked_in == pass_) ++cursor_;
  return cursor_ == line_.end() ? nullptr : cursor_->second;
}

}  // namespace logdist::dispatch
