#include "logdist/dispatch/retry_lists.hpp"

#include <algorithm>
#include <iterator>

#include "logdist/base/check.hpp"

namespace logdist::dispatch {

using queue::Delivery;

RetryLists::~RetryLists() {
  for (const auto& group : groups_) group->packets.clear();
}

RetryLists::Group& RetryLists::group_of(const Delivery& delivery) {
  const auto excluded = delivery.retry_state.excluded();
  const auto same = [excluded](const auto& group) {
    return std::equal(excluded.begin(), excluded.end(), group->excluded.begin(), group->excluded.end());
  };
  if (const auto found = std::find_if(groups_.begin(), groups_.end(), same); found != groups_.end()) return **found;
  Group& made = *groups_.emplace_back(std::make_unique<Group>());
  made.excluded.assign(excluded.begin(), excluded.end());
  return made;
}

void RetryLists::insert(Delivery& delivery) {
  queue::DeliveryList& packets = group_of(delivery).packets;
  // Retries come back roughly in order, so the search from the end is short.
  auto before = packets.end();
  while (before != packets.begin() && delivery.admitted_at < std::prev(before)->admitted_at) --before;
  packets.insert(before, delivery);
}

void RetryLists::erase(Delivery& delivery) {
  queue::DeliveryList& packets = group_of(delivery).packets;
  packets.erase(packets.iterator_to(delivery));
}

bool RetryLists::empty() const {
  return std::all_of(groups_.begin(), groups_.end(), [](const auto& group) { return group->packets.empty(); });
}

RetryLists::Group* RetryLists::oldest() {
  Group* oldest = nullptr;
  for (const auto& group : groups_) {
    if (group->blocked || group->packets.empty()) continue;
    if (oldest == nullptr || group->packets.front().admitted_at < oldest->packets.front().admitted_at) {
      oldest = group.get();
    }
  }
  return oldest;
}

void RetryLists::begin_turn() {
  std::erase_if(groups_, [](const auto& group) { return group->packets.empty(); });
  for (const auto& group : groups_) group->blocked = false;
}

}  // namespace logdist::dispatch
