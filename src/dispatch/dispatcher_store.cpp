// What becomes of packets that a store keeps: pending until it reports, dropped from memory, read back.
#include "dispatch/loop_dispatcher.hpp"
#include "logdist/base/check.hpp"

namespace logdist::dispatch {

using queue::Delivery;
using queue::DeliveryState;
using queue::Settlement;
using queue::StoreOutcome;

/// A place in the queue, or on the disk; false: its request waits.
bool LoopDispatcher::take_place(Delivery& delivery) {
  if (store_ == nullptr) {
    delivery.holds_queue_place = bounds_.try_take(delivery.packet.queue_bytes());
    return delivery.holds_queue_place;
  }
  switch (store_->append(delivery)) {
    case queue::Store::Answer::in_memory: delivery.holds_queue_place = true; return true;
    case queue::Store::Answer::on_disk_only:
      delivery.state = DeliveryState::storing;
      ledger_.spill_entered({1, delivery.packet.messages});
      ++storing_;
      return true;
    case queue::Store::Answer::refused: break;
  }
  return false;
}

void LoopDispatcher::restore(Delivery& delivery, bool has_place, TimePoint admitted_at) {
  LOGDIST_CHECK(delivery.state == DeliveryState::filling && delivery.store_id != 0);
  ledger_.spill_left({1, delivery.packet.messages});
  delivery.admitted_at = admitted_at;
  delivery.holds_queue_place = has_place;
  delivery.accepted = true;
  unsettled_.push_back(delivery);
  enter_lane(delivery);
  turn_request_.turn_soon();
}

void LoopDispatcher::reported(Delivery& delivery, StoreOutcome outcome, TimePoint) {
  delivery.report_due = false;
  if (delivery.state == DeliveryState::ended) return recycle(delivery);
  LOGDIST_CHECK(!delivery.accepted);
  outcome == StoreOutcome::durable ? accept_stored(delivery) : refuse_stored(delivery, outcome);
}

void LoopDispatcher::accept_stored(Delivery& delivery) {
  queue::Waiter* const waiter = delivery.waiter;
  delivery.waiter = nullptr;
  delivery.accepted = true;
  unlink_waiter(delivery);
  if (waiter != nullptr) waiter->stored();
  if (delivery.state == DeliveryState::storing) drop_from_memory(delivery);
}

/// It is the agent's again, or waits as at a full queue; an attempt under way decides.
void LoopDispatcher::refuse_stored(Delivery& delivery, StoreOutcome outcome) {
  delivery.store_id = 0;
  if (delivery.holds_queue_place) bounds_.give_back(delivery.packet.queue_bytes());
  if (delivery.state == DeliveryState::storing) {
    --storing_;
    ledger_.spill_left({1, delivery.packet.messages});
    delivery.holds_queue_place = false;
    enter_lane(delivery);
  } else if (delivery.state == DeliveryState::lane) {
    ledger_.queue_left(delivery.packet.messages);
    ledger_.wait_entered(delivery.packet.messages);
  }
  delivery.holds_queue_place = false;
  turn_request_.turn_soon();
  if (delivery.state == DeliveryState::in_flight) return;
  if (outcome == StoreOutcome::no_space && !draining_ && !delivery.abandoned) return;
  leave_state(delivery);
  ledger_.handed_back(delivery.packet.messages);
  end(delivery, draining_ ? Settlement::handed_back : Settlement::not_stored);
}

/// It stays on the disk, and is read back in its turn.
void LoopDispatcher::drop_from_memory(Delivery& delivery) {
  --storing_;
  unlink(delivery);
  recycle(delivery);
}

/// The disk takes too long. What it has taken it may still write: then the packet is delivered, though its agent
/// sends it again.
void LoopDispatcher::stop_waiting_for_store(Delivery& delivery) {
  queue::Waiter* const waiter = delivery.waiter;
  delivery.waiter = nullptr;
  delivery.abandoned = true;
  waiter->settled(Settlement::not_stored);
}

}  // namespace logdist::dispatch
