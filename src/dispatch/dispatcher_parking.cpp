// Packets whose bodies leave memory again, for those behind them on the disk: they are of no use to the analyzers that
// have room, and would stop everything else. All but their bodies stays, so they go on as before once they are fetched.
#include <algorithm>

#include "dispatch/loop_dispatcher.hpp"
#include "logdist/base/check.hpp"

namespace logdist::dispatch {

using queue::Delivery;
using queue::DeliveryState;
using queue::FetchOutcome;

namespace {

/// Of the queue's places that are exchanged at once; at least one, and at most so many.
constexpr std::size_t exchange_part = 8;
constexpr std::size_t exchanged_max = 64;
/// More only where a large packet needs the bytes of many small ones.
constexpr std::size_t exchanged_for_bytes_max = 1024;
/// Bodies that are read again at a time: of suspects, which the store lets wait behind others, and of all.
constexpr std::size_t suspects_fetched_max = 16;
constexpr std::size_t fetched_max = 32;
/// When the disk refuses, or no place was left.
constexpr Duration fetch_again = std::chrono::seconds(1);

/// Whether its record is all that the disk needs, and its place would help another.
bool is_parkable(const Delivery& delivery) {
  return delivery.holds_queue_place && delivery.accepted && !delivery.report_due && delivery.store_id != 0;
}

}  // namespace

/// Those that can be sent last come first, as far as that is known. Until `visit` says false.
template <typename Visit>
void LoopDispatcher::visit_parkable(Visit visit) {
  for (auto round = between_rounds_.rbegin(); round != between_rounds_.rend(); ++round) {
    if (is_parkable(*round->second) && !visit(*round->second)) return;
  }
  bool goes_on = true;
  const auto visit_all = [&](auto first, auto last) {
    for (; goes_on && first != last; ++first) goes_on = !is_parkable(*first) || visit(*first);
  };
  for (RetryLists* const lists : {&suspects_, &retry_}) {
    lists->for_each([&](RetryLists::Group& group) { visit_all(group.packets.rbegin(), group.packets.rend()); });
  }
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (unserved_.has(static_cast<core::Protocol>(i))) visit_all(lanes_[i].rbegin(), lanes_[i].rend());
  }
}

/// At the end of placing: what is left in memory may not go where there is room. In an outage there is none anywhere.
/// Where all were under way when there was, as those are that are always answered 429, the first that is back is
/// offered.
void LoopDispatcher::look_for_room(LoadBalancer::PlacementBatch& shared) {
  const bool is_wanted = store_ != nullptr && !has_offered_ && store_->room_wanted() > 0;
  has_room_elsewhere_ = is_wanted && (has_room_elsewhere_ || shared.has_capacity());
  if (!has_room_elsewhere_) return;
  unserved_ = {};
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const auto protocol = static_cast<core::Protocol>(i);
    if (!lanes_[i].empty() && !shared.anyone_else({protocol, {}, {}})) unserved_.add(protocol);
  }
}

void LoopDispatcher::offer_places() {
  const std::size_t wanted = store_->room_wanted();
  const std::size_t most = std::clamp<std::size_t>(bounds_.max_packets() / exchange_part, 1, exchanged_max);
  std::size_t packets = 0;
  std::size_t bytes = 0;
  if (parked_count_ < options_.parked_max) {
    visit_parkable([&](const Delivery& delivery) {
      ++packets;
      bytes += delivery.packet.queue_bytes();
      return packets < most || (bytes < wanted && packets < exchanged_for_bytes_max);
    });
  }
  const bool has_place = bounds_.packets() < bounds_.max_packets() && bounds_.bytes() + wanted <= bounds_.max_bytes();
  if (packets == 0 && !has_place) return;
  has_offered_ = true;
  has_room_elsewhere_ = false;
  store_->offer(packets, bytes);
}

/// Those that are not suspect need not wait for the suspects' share.
void LoopDispatcher::fetch_parked(LoadBalancer::PlacementBatch& shared) {
  fetch_parked_of(parked_, fetched_max, shared);
  fetch_parked_of(parked_suspects_, suspects_fetched_max, shared);
}

/// As long as fewer than `most` are read.
void LoopDispatcher::fetch_parked_of(RetryLists& lists, std::size_t most, LoadBalancer::PlacementBatch& shared) {
  lists.begin_pass();
  while (fetching_ < most) {
    RetryLists::Group* const group = lists.first();
    if (group == nullptr) return;
    Delivery& first = *group->packets.begin();
    // Where nobody is left to be asked, its round is over, which may be its last.
    const bool is_stranded = !group->excluded->empty() && !shared.anyone_else({group->protocol, *group->excluded, {}});
    if (is_stranded || shared.has_slot(group->protocol, first.retry_state)) {
      fetch(first);
    } else {
      lists.block(*group);
    }
  }
}

void LoopDispatcher::fetch(Delivery& delivery) {
  unlist(delivery);
  delivery.state = DeliveryState::fetching;
  ++fetching_;
  store_->fetch(delivery);
}

void LoopDispatcher::fetched(Delivery& delivery, FetchOutcome outcome, TimePoint now) {
  LOGDIST_CHECK(delivery.state == DeliveryState::fetching && delivery.parked);
  --fetching_;
  turn_request_.turn_soon();
  if (outcome == FetchOutcome::lost) return lose(delivery);
  const bool has_place =
      outcome == FetchOutcome::here || (outcome == FetchOutcome::exchanged && make_place(delivery.parked_bytes));
  ledger_.spill_left({1, delivery.packet.messages});
  if (!has_place) {
    delivery.packet.body = {};
    return enter_between_rounds(delivery, fetch_again, now);
  }
  delivery.parked = false;
  --parked_count_;
  delivery.holds_queue_place = true;
  may_be_stranded_ = may_be_stranded_ || !delivery.retry_state.excluded().empty();
  enter_retry(delivery);
  if (!too_old(delivery, now)) return;
  leave_state(delivery);
  dead_letter(delivery, DeadLetterReason::max_age);
}

void LoopDispatcher::restore_in_exchange(Delivery& delivery, TimePoint admitted_at) {
  const bool has_place = make_place(delivery.packet.queue_bytes());
  restore(delivery, has_place, admitted_at);
  if (has_place) return;
  leave_state(delivery);
  drop_body(delivery);
  enter_retry(delivery);
}

/// Takes a place of the queue, once others have given theirs back if need be.
bool LoopDispatcher::make_place(std::size_t bytes) {
  while (!bounds_.try_take(bytes)) {
    Delivery* last = nullptr;
    visit_parkable([&](Delivery& delivery) {
      last = &delivery;
      return false;
    });
    if (last == nullptr || parked_count_ >= options_.parked_max) return false;
    park(*last);
  }
  return true;
}

void LoopDispatcher::park(Delivery& delivery) {
  const bool is_between_rounds = delivery.state == DeliveryState::between_rounds;
  leave_state(delivery);
  bounds_.give_back(delivery.packet.queue_bytes());
  delivery.holds_queue_place = false;
  drop_body(delivery);
  if (!is_between_rounds) return enter_retry(delivery);
  enter_books(delivery);
  parked_rounds_.emplace(delivery.due_at, &delivery);
}

void LoopDispatcher::drop_body(Delivery& delivery) {
  delivery.parked_bytes = delivery.packet.queue_bytes();
  delivery.packet.body = {};
  delivery.parked = true;
  ++parked_count_;
}

/// What the store has told and settled.
void LoopDispatcher::lose(Delivery& delivery) {
  ledger_.spill_left({1, delivery.packet.messages});
  ledger_.lost({1, delivery.packet.messages});
  --parked_count_;
  unlink(delivery);
  recycle(delivery);
}

}  // namespace logdist::dispatch
