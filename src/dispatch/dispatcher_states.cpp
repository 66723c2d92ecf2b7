// The places a packet can be in and the ways it can end: every coming and going
// has its entry in the ledger here.
#include <algorithm>

#include "dispatch/loop_dispatcher.hpp"
#include "logdist/base/check.hpp"

namespace logdist::dispatch {

using queue::Delivery;
using queue::DeliveryState;
using queue::Settlement;

namespace {

queue::SettledAs stored_as(Settlement settlement) {
  switch (settlement) {
    case Settlement::delivered: return queue::SettledAs::delivered;
    case Settlement::dead_lettered: return queue::SettledAs::dead_lettered;
    case Settlement::handed_back:
    case Settlement::not_stored: break;
  }
  return queue::SettledAs::handed_back;
}

}  // namespace

LoopDispatcher::~LoopDispatcher() {
  for (queue::DeliveryList& lane : lanes_) lane.clear();
  waiters_.clear();
  unsettled_.clear();
  answered_.clear();
}

void LoopDispatcher::enter_lane(Delivery& delivery) {
  if (delivery.holds_queue_place) {
    ledger_.queue_entered(delivery.packet.messages);
  } else {
    ledger_.wait_entered(delivery.packet.messages);
  }
  delivery.state = DeliveryState::lane;
  lane_of(delivery).push_back(delivery);
}

/// Not yet attempted. One that waits for an analyzer of its own keeps nobody waiting behind it.
void LoopDispatcher::enter_waiting(Delivery& delivery) {
  if (!delivery.retry_state.only()) return enter_lane(delivery);
  may_be_stranded_ = true;
  enter_retry(delivery);
}

/// By its age. Suspects whose bodies are on the disk come by turns instead: of more than memory and the analyzers have
/// room for, the oldest would else be read again each time, and the youngest never.
void LoopDispatcher::enter_retry(Delivery& delivery) {
  enter_books(delivery);
  delivery.state = DeliveryState::retry;
  const bool by_turns = delivery.parked && delivery.retry_state.suspect();
  delivery.in_line_since = by_turns ? delivery.due_at : delivery.admitted_at;
  retries_of(delivery).insert(delivery);
}

void LoopDispatcher::enter_between_rounds(Delivery& delivery, Duration wait, TimePoint now) {
  enter_books(delivery);
  delivery.state = DeliveryState::between_rounds;
  delivery.due_at = now + wait;
  rounds_of(delivery).emplace(delivery.due_at, &delivery);
}

/// Between attempts.
void LoopDispatcher::enter_books(const Delivery& delivery) {
  if (delivery.parked) {
    ledger_.spill_entered({1, delivery.packet.messages});
  } else {
    ledger_.wait_entered(delivery.packet.messages);
  }
}

void LoopDispatcher::leave_state(Delivery& delivery) {
  if (delivery.parked) {
    ledger_.spill_left({1, delivery.packet.messages});
  } else if (delivery.state == DeliveryState::lane && delivery.holds_queue_place) {
    ledger_.queue_left(delivery.packet.messages);
  } else {
    ledger_.wait_left(delivery.packet.messages);
  }
  unlist(delivery);
}

/// Leaves the list of its state.
void LoopDispatcher::unlist(Delivery& delivery) {
  switch (delivery.state) {
    case DeliveryState::lane: lane_of(delivery).erase(queue::DeliveryList::s_iterator_to(delivery)); break;
    case DeliveryState::retry: retries_of(delivery).erase(delivery); break;
    case DeliveryState::between_rounds: {
      Rounds& rounds = rounds_of(delivery);
      const auto [first, last] = rounds.equal_range(delivery.due_at);
      rounds.erase(std::find_if(first, last, [&](const auto& entry) { return entry.second == &delivery; }));
      break;
    }
    default: LOGDIST_CHECK(false && "a place that can be left");
  }
}

void LoopDispatcher::forget(std::span<const AnalyzerId> analyzers) {
  for (Delivery& delivery : unsettled_) {
    // What is in a retry list has its place by whom it asked.
    const bool listed = delivery.state == DeliveryState::retry;
    if (listed) retries_of(delivery).erase(delivery);
    for (const AnalyzerId analyzer : analyzers) {
      delivery.retry_state.forget(analyzer);
      delivery.history.forget(analyzer);
    }
    if (listed) retries_of(delivery).insert(delivery);
  }
  turn_request_.turn_soon();  // who was left out may be asked now
}

void LoopDispatcher::settle_delivered(Delivery& delivery, TimePoint now) {
  ledger_.delivered(delivery.packet.messages, delivery.charge.analyzer, now - delivery.admitted_at);
  if (acks_ != nullptr && delivery.packet.receipt.is_set()) acks_->delivered(delivery.packet.receipt);
  end(delivery, Settlement::delivered);
}

void LoopDispatcher::dead_letter(Delivery& delivery, DeadLetterReason reason) {
  LOGDIST_CHECK(!delivery.parked);
  ledger_.dead_lettered(delivery.packet.messages, reason);
  if (reason == DeadLetterReason::shutdown) ++given_up_;
  dead_letters_.put({delivery.packet, reason, delivery.admitted_at, delivery.retry_state.attempts(), delivery.history});
  if (store_ != nullptr && delivery.store_id == 0) store_->keep_dead_letter(delivery);
  end(delivery, Settlement::dead_lettered);
}

void LoopDispatcher::hand_back(Delivery& delivery) {
  ledger_.handed_back(delivery.packet.messages);
  end(delivery, Settlement::handed_back);
}

void LoopDispatcher::end(Delivery& delivery, Settlement settlement) {
  if (delivery.store_id != 0) store_->settle(delivery, stored_as(settlement));
  unlink(delivery);
  answer(delivery, settlement);
  if (!delivery.report_due) return recycle(delivery);
  delivery.waiter = nullptr;
  delivery.state = DeliveryState::ended;  // its bytes are still read
}

/// A request that waited for the store has its 202 once the packet is safe, wherever it is.
void LoopDispatcher::answer(Delivery& delivery, Settlement settlement) {
  if (delivery.waiter == nullptr) return;
  const bool is_safe = settlement == Settlement::delivered || settlement == Settlement::dead_lettered;
  if (delivery.store_id != 0 && is_safe) {
    delivery.waiter->stored();
  } else {
    delivery.waiter->settled(settlement);
  }
}

/// Leaves the lists that do not depend on its state, and the queue.
void LoopDispatcher::unlink(Delivery& delivery) {
  if (delivery.holds_queue_place) bounds_.give_back(delivery.packet.queue_bytes());
  delivery.holds_queue_place = false;
  unlink_waiter(delivery);
  unsettled_.erase(unsettled_.iterator_to(delivery));
  using Hook = boost::intrusive::set_base_hook<boost::intrusive::tag<queue::AnsweredTag>>;
  if (static_cast<Hook&>(delivery).is_linked()) answered_.erase(answered_.iterator_to(delivery));
}

void LoopDispatcher::recycle(Delivery& delivery) {
  delivery.packet.recycle();
  delivery.attempt.answer.reset();
  delivery.retry_state.reset();
  delivery.history.reset();
  delivery.give_up_at = never;
  delivery.due_at = {};
  delivery.waiter = nullptr;
  delivery.holds_queue_place = false;
  delivery.accepted = false;
  delivery.abandoned = false;
  delivery.report_due = false;
  delivery.parked = false;
  delivery.parked_bytes = 0;
  delivery.store_id = 0;
  delivery.store_place = {};
  delivery.state = DeliveryState::free;
  free_.push_back(&delivery);
}

void LoopDispatcher::unlink_waiter(Delivery& delivery) {
  using Hook = boost::intrusive::list_base_hook<boost::intrusive::tag<queue::WaiterTag>>;
  if (static_cast<Hook&>(delivery).is_linked()) waiters_.erase(waiters_.iterator_to(delivery));
}

}  // namespace logdist::dispatch
