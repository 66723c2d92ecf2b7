// Which packet is offered to the load balancer next, in a turn.
#include <algorithm>
#include <vector>

#include "logdist/dispatch/dispatcher.hpp"

namespace logdist::dispatch {

using queue::Delivery;

void Dispatcher::place(LoadBalancer::PlacementBatch& shared, TimePoint now) {
  if (giving_up_) return;
  retry_.begin_pass();
  suspects_.begin_pass();
  place_oldest_first(shared);
  if (!suspects_.empty()) place_left_over(shared);
  end_stranded_rounds(shared, now);
}

/// All by their age, suspects only as far as their share of the slots goes.
void Dispatcher::place_oldest_first(LoadBalancer::PlacementBatch& shared) {
  bool lane_blocked = false;
  for (;;) {
    Delivery* oldest = lane_blocked || lane_.empty() ? nullptr : &lane_.front();
    RetryLists* from = nullptr;
    for (RetryLists* const lists : {&retry_, &suspects_}) {
      RetryLists::Group* const group = lists->oldest();
      if (group == nullptr) continue;
      Delivery& first = *group->packets.begin();
      if (oldest != nullptr && oldest->admitted_at < first.admitted_at) continue;
      oldest = &first;
      from = lists;
    }
    if (oldest == nullptr) return;
    if (try_to_place(shared, *oldest)) continue;
    if (!shared.has_capacity()) return note_waiting(shared);
    if (from == nullptr) {
      lane_blocked = true;  // any free slot would have done, so the younger ones find none either
    } else {
      from->block(*from->oldest());
    }
  }
}

/// What is free when nobody else waits goes to suspects beyond their share.
void Dispatcher::place_left_over(LoadBalancer::PlacementBatch& shared) {
  if (!shared.let_suspects_pass()) return;
  suspects_.begin_pass();
  for (;;) {
    RetryLists::Group* const group = suspects_.oldest();
    if (group == nullptr) return;
    if (try_to_place(shared, *group->packets.begin())) continue;
    if (!shared.has_capacity()) return note_waiting(shared);
    suspects_.block(*group);
  }
}

bool Dispatcher::try_to_place(LoadBalancer::PlacementBatch& shared, Delivery& delivery) {
  const auto placement = shared.place(delivery.packet.messages, delivery.retry_state, delivery.admitted_at);
  if (!placement) return false;
  leave_state(delivery);
  placed_.push_back({&delivery, *placement});
  return true;
}

/// Nobody can take anything: those that could go anywhere are next in line when
/// that has changed.
void Dispatcher::note_waiting(LoadBalancer::PlacementBatch& shared) {
  if (!lane_.empty()) shared.wait(lane_.front().retry_state, lane_.front().admitted_at);
  for (RetryLists* const lists : {&retry_, &suspects_}) {
    RetryLists::Group* const group = lists->unrestricted();
    if (group == nullptr) continue;
    const Delivery& first = *group->packets.begin();
    shared.wait(first.retry_state, first.admitted_at);
  }
}

/// Those that a packet had not asked yet have left service while it waited for a
/// slot: its round is over.
void Dispatcher::end_stranded_rounds(LoadBalancer::PlacementBatch& shared, TimePoint now) {
  const std::uint64_t service = shared.service_version();
  if (service == service_seen_ && !may_be_stranded_) return;
  service_seen_ = service;
  may_be_stranded_ = false;
  for (RetryLists* const lists : {&retry_, &suspects_}) {
    lists->for_each([&](RetryLists::Group& group) {
      if (group.excluded->empty() || shared.anyone_else(*group.excluded)) return;
      for (std::size_t left = group.packets.size(); left > 0; --left) {
        Delivery& delivery = *group.packets.begin();
        leave_state(delivery);  // with the last one the group is gone
        reported_.push_back({&delivery, {}, {}, end_round(shared, delivery, now)});
      }
    });
  }
}

}  // namespace logdist::dispatch
