// Which packet is offered to the load balancer next, in a turn.
#include <algorithm>
#include <vector>

#include "dispatch/loop_dispatcher.hpp"

namespace logdist::dispatch {

using queue::Delivery;

namespace {

/// Nobody wakes a loop for packets that cannot be sent at once.
constexpr Duration parked_look_again = std::chrono::milliseconds(100);

PacketFacts facts_of(const Delivery& delivery) {
  return {delivery.packet.messages, delivery.packet.protocol, delivery.admitted_at};
}

}  // namespace

void LoopDispatcher::place(LoadBalancer::PlacementBatch& shared, TimePoint now) {
  if (giving_up_) return;
  retry_.begin_pass();
  suspects_.begin_pass();
  fetch_parked(shared);
  place_oldest_first(shared);
  if (!suspects_.empty() || any_parked_ready()) place_left_over(shared);
  end_stranded_rounds(shared, now);
  look_for_room(shared);
  parked_look_at_ = any_parked_ready() ? now + parked_look_again : never;
}

/// All by their age, suspects only as far as their share of the slots goes.
void LoopDispatcher::place_oldest_first(LoadBalancer::PlacementBatch& shared) {
  core::ProtocolSet blocked;
  for (;;) {
    Delivery* oldest = oldest_of_lanes(blocked);
    RetryLists* from = nullptr;
    for (RetryLists* const lists : {&retry_, &suspects_}) {
      RetryLists::Group* const group = lists->first();
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
      blocked.add(oldest->packet.protocol);  // any slot free for it would have done: the younger ones find none
    } else {
      from->block(*from->first());
    }
  }
}

/// Of the protocols that are not in `blocked`.
Delivery* LoopDispatcher::oldest_of_lanes(core::ProtocolSet blocked) {
  Delivery* oldest = nullptr;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (lanes_[i].empty() || blocked.has(static_cast<core::Protocol>(i))) continue;
    Delivery& first = lanes_[i].front();
    if (oldest == nullptr || first.admitted_at < oldest->admitted_at) oldest = &first;
  }
  return oldest;
}

/// What is free when nobody else waits goes to suspects beyond their share.
void LoopDispatcher::place_left_over(LoadBalancer::PlacementBatch& shared) {
  if (!shared.let_suspects_pass()) return;
  fetch_parked(shared);
  suspects_.begin_pass();
  for (;;) {
    RetryLists::Group* const group = suspects_.first();
    if (group == nullptr) return;
    if (try_to_place(shared, *group->packets.begin())) continue;
    if (!shared.has_capacity()) return note_waiting(shared);
    suspects_.block(*group);
  }
}

bool LoopDispatcher::try_to_place(LoadBalancer::PlacementBatch& shared, Delivery& delivery) {
  const auto placement = shared.place(facts_of(delivery), delivery.retry_state);
  if (!placement) return false;
  leave_state(delivery);
  placed_.push_back({&delivery, *placement});
  return true;
}

/// Nobody can take anything: these are next in line when that has changed.
void LoopDispatcher::note_waiting(LoadBalancer::PlacementBatch& shared) {
  for (const queue::DeliveryList& lane : lanes_) {
    if (!lane.empty()) shared.wait(facts_of(lane.front()), lane.front().retry_state);
  }
  for (RetryLists* const lists : {&retry_, &suspects_}) {
    lists->visit_in_line([&shared](const RetryLists::Group& group) {
      const Delivery& first = *group.packets.begin();
      return shared.wait(facts_of(first), first.retry_state);
    });
  }
}

/// Those that a packet had not asked yet have left service while it waited for a
/// slot: its round is over. One whose only analyzer was removed is handed back.
void LoopDispatcher::end_stranded_rounds(LoadBalancer::PlacementBatch& shared, TimePoint now) {
  const std::uint64_t service = shared.service_version();
  if (service == service_seen_ && !may_be_stranded_) return;
  service_seen_ = service;
  may_be_stranded_ = false;
  for (RetryLists* const lists : {&retry_, &suspects_}) {
    lists->for_each([&](RetryLists::Group& group) {
      const Eligibility eligible{group.protocol, *group.excluded, group.only};
      const bool is_gone = group.only && shared.analyzer_count(eligible) == 0;
      if (!is_gone && (group.excluded->empty() || shared.anyone_else(eligible))) return;
      for (std::size_t left = group.packets.size(); left > 0; --left) {
        Delivery& delivery = *group.packets.begin();
        leave_state(delivery);  // with the last one the group is gone
        reported_.push_back({&delivery, {}, {}, end_round(shared, delivery, now)});
      }
    });
  }
}

}  // namespace logdist::dispatch
