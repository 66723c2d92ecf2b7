#include "dispatch/loop_dispatcher.hpp"

#include <algorithm>

#include <boost/intrusive/parent_from_member.hpp>

#include "logdist/base/check.hpp"

namespace logdist::dispatch {

using queue::Delivery;
using queue::DeliveryState;

namespace {

/// A request's packet is the agent's until it is delivered or stored; one that was accepted is ours.
bool is_request(const Delivery& delivery) { return !delivery.accepted; }

Eligibility eligible_for(const Delivery& delivery) {
  return {delivery.packet.protocol, delivery.retry_state.excluded(), delivery.retry_state.only()};
}

Delivery& delivery_of(core::Attempt& attempt) {
  return *boost::intrusive::get_parent_from_member(&attempt, &Delivery::attempt);
}

}  // namespace

std::unique_ptr<Dispatcher> make_dispatcher(const DispatcherOptions& options, const DispatcherParts& parts) {
  return std::make_unique<LoopDispatcher>(options, parts);
}

LoopDispatcher::LoopDispatcher(const DispatcherOptions& options, const DispatcherParts& parts)
    : options_(options),
      balancer_(parts.balancer),
      bounds_(parts.bounds),
      ledger_(parts.ledger),
      upstream_(parts.upstream),
      dead_letters_(parts.dead_letters),
      turn_request_(parts.turn_request),
      store_(parts.store),
      acks_(parts.acks),
      random_(options.seed) {}

Delivery& LoopDispatcher::make() {
  if (free_.empty()) {
    all_.push_back(std::make_unique<Delivery>());
    free_.push_back(all_.back().get());
  }
  Delivery& delivery = *free_.back();
  free_.pop_back();
  delivery.state = DeliveryState::filling;
  return delivery;
}

void LoopDispatcher::discard(Delivery& delivery) {
  LOGDIST_CHECK(delivery.state == DeliveryState::filling);
  recycle(delivery);
}

queue::Admission LoopDispatcher::admit(Delivery& delivery, queue::Waiter& waiter, TimePoint now) {
  LOGDIST_CHECK(delivery.state == DeliveryState::filling);
  delivery.admitted_at = now;
  ledger_.admitted(delivery.packet.messages);
  unsettled_.push_back(delivery);
  const bool waits = options_.ack_delivered || delivery.retry_state.only();
  const bool is_kept = !waits && take_place(delivery);
  delivery.accepted = is_kept && store_ == nullptr;
  if (is_request(delivery)) {
    if (!waits && !is_kept) ledger_.caller_ran();
    delivery.waiter = &waiter;
    delivery.give_up_at = now + options_.caller_runs_timeout;
    waiters_.push_back(delivery);
  }
  turn_request_.turn_soon();  // which flushes the store, too
  if (delivery.state == DeliveryState::storing) return queue::Admission::pending;
  enter_waiting(delivery);
  if (!is_request(delivery)) return queue::Admission::queued;
  return is_kept ? queue::Admission::pending : queue::Admission::waiting;
}

void LoopDispatcher::abandon(Delivery& delivery, TimePoint) {
  LOGDIST_CHECK(is_request(delivery) && !delivery.abandoned);
  delivery.waiter = nullptr;
  delivery.abandoned = true;
  unlink_waiter(delivery);
  if (delivery.state == DeliveryState::in_flight || delivery.store_id != 0) return;
  leave_state(delivery);
  hand_back(delivery);
  turn_request_.turn_soon();  // another may be the oldest now
}

bool LoopDispatcher::takes_packets() const { return !draining_ && (!bounds_.full() || balancer_.ready()); }

std::chrono::seconds LoopDispatcher::retry_after(TimePoint now) const {
  using std::chrono::seconds;
  const Duration wait = draining_ ? Duration::zero() : balancer_.until_ready(now);
  if (wait == Duration::zero()) return congestion_pause;
  return std::min(std::chrono::ceil<seconds>(wait), seconds(60));
}

void LoopDispatcher::turn(TimePoint now) {
  std::uint64_t balance_version = 0;
  {
    LoadBalancer::PlacementBatch shared(balancer_, options_.loop, now);
    report(shared, now);
    place(shared, now);
    shared.take_recalls(recalls_);
    balance_version = shared.balance_version();
  }
  settle_finished(now);
  send_placed(now);
  for (const AnalyzerId analyzer : recalls_) upstream_.recall(analyzer, now);
  recalls_.clear();
  upstream_.flush(now);
  if (store_ == nullptr) return;
  if (has_room_elsewhere_) offer_places();
  store_->flush(balance_version);
}

void LoopDispatcher::report(LoadBalancer::PlacementBatch& shared, TimePoint now) {
  reported_.swap(finished_);
  for (Finished& finished : reported_) {
    Delivery& delivery = *finished.delivery;
    const std::uint32_t messages = delivery.packet.messages;
    finished.taken = shared.attempt_ended({delivery.charge, delivery.attempt.health_epoch, delivery.charge_group},
                                          finished.result, delivery.retry_state, finished.duration);
    ledger_.attempt_ended(messages, delivery.charge.analyzer, finished.result.outcome, finished.duration);
    --in_flight_;
  }
  // Routing asks who is in service, so it comes after all results are known.
  for (Finished& finished : reported_) finished.disposition = route(shared, finished, now);
}

LoopDispatcher::Disposition LoopDispatcher::route(LoadBalancer::PlacementBatch& shared, const Finished& finished,
                                                  TimePoint now) {
  Delivery& delivery = *finished.delivery;
  const retry::RetryAction next =
      delivery.retry_state.on_result(delivery.charge.analyzer, finished.result, finished.taken);
  if (next == retry::RetryAction::done) return Disposition::delivered;
  if (next == retry::RetryAction::dead_letter) return Disposition::refused;
  if (must_hand_back(delivery, now)) return Disposition::handed_back;
  if (too_old(delivery, now)) return Disposition::too_old;
  // What was recalled may have asked all in service but the one that it comes back from.
  may_be_stranded_ = may_be_stranded_ || next == retry::RetryAction::again;
  if (giving_up_ || next == retry::RetryAction::again || shared.anyone_else(eligible_for(delivery))) {
    enter_retry(delivery);
    return Disposition::moved;
  }
  return end_round(shared, delivery, now);
}

/// Nobody is left to be asked in this round.
LoopDispatcher::Disposition LoopDispatcher::end_round(const LoadBalancer::PlacementBatch& shared, Delivery& delivery,
                                                      TimePoint now) {
  const bool refused = delivery.retry_state.refused_once();
  const std::size_t analyzers = shared.analyzer_count(eligible_for(delivery));
  if (delivery.retry_state.only() && analyzers == 0) return Disposition::handed_back;
  if (refused && analyzers == 1) return Disposition::refused;  // there is no second to ask
  const std::optional<Duration> wait = delivery.retry_state.end_round(options_.retry, random_);
  if (!wait) return refused ? Disposition::refused : Disposition::poison;
  enter_between_rounds(delivery, *wait, now);
  return Disposition::moved;
}

void LoopDispatcher::settle_finished(TimePoint now) {
  for (const Finished& finished : reported_) {
    Delivery& delivery = *finished.delivery;
    switch (finished.disposition) {
      case Disposition::moved: break;
      case Disposition::delivered: settle_delivered(delivery, now); break;
      case Disposition::refused: dead_letter(delivery, DeadLetterReason::refused); break;
      case Disposition::poison: dead_letter(delivery, DeadLetterReason::max_rounds); break;
      case Disposition::too_old: dead_letter(delivery, DeadLetterReason::max_age); break;
      case Disposition::handed_back: hand_back(delivery); break;
    }
  }
  reported_.clear();
}

void LoopDispatcher::send_placed(TimePoint now) {
  for (const Placed& placed : placed_) {
    Delivery& delivery = *placed.delivery;
    delivery.state = DeliveryState::in_flight;
    delivery.charge = placed.placement.charge;
    delivery.charge_group = placed.placement.group;
    delivery.attempt.packet = &delivery.packet;
    delivery.attempt.analyzer = placed.placement.charge.analyzer;
    delivery.attempt.health_epoch = placed.placement.epoch;
    delivery.attempt.alone = delivery.retry_state.alone();
    delivery.attempt.retried_stale = false;
    delivery.attempt.begun = now;
    ledger_.attempt_begun(delivery.packet.messages);
    ++in_flight_;
    upstream_.send(delivery.attempt, now);
  }
  placed_.clear();
}

TimePoint LoopDispatcher::next_timer() const {
  TimePoint next = waiters_.empty() ? never : waiters_.front().give_up_at;
  if (!between_rounds_.empty()) next = std::min(next, between_rounds_.begin()->first);
  if (!parked_rounds_.empty()) next = std::min(next, parked_rounds_.begin()->first);
  next = std::min(next, parked_look_at_);
  if (!answered_.empty()) next = std::min(next, answered_.begin()->admitted_at + options_.max_age);
  return next;
}

void LoopDispatcher::on_timer(TimePoint now) {
  for (Rounds* rounds : {&between_rounds_, &parked_rounds_}) {
    while (!rounds->empty() && rounds->begin()->first <= now) {
      Delivery& delivery = *rounds->begin()->second;
      leave_state(delivery);
      enter_retry(delivery);
      may_be_stranded_ = may_be_stranded_ || !delivery.retry_state.excluded().empty() || delivery.retry_state.only();
      turn_request_.turn_soon();
    }
  }
  if (parked_look_at_ <= now) {
    parked_look_at_ = never;
    turn_request_.turn_soon();
  }
  end_too_old(now);
  while (!waiters_.empty() && waiters_.front().give_up_at <= now) {
    Delivery& delivery = waiters_.front();
    unlink_waiter(delivery);
    if (delivery.state == DeliveryState::in_flight) continue;  // the attempt under way decides
    if (delivery.state == DeliveryState::storing) {
      stop_waiting_for_store(delivery);
      continue;
    }
    leave_state(delivery);
    hand_back(delivery);
    turn_request_.turn_soon();
  }
}

void LoopDispatcher::begin_drain(TimePoint) {
  draining_ = true;
  std::vector<Delivery*> requests;
  for (Delivery& delivery : waiters_) {
    // What the store has taken is stored in a moment, and then ours.
    if (delivery.state != DeliveryState::in_flight && delivery.store_id == 0) requests.push_back(&delivery);
  }
  for (Delivery* delivery : requests) {
    leave_state(*delivery);
    hand_back(*delivery);
  }
  turn_request_.turn_soon();
}

bool LoopDispatcher::lanes_empty() const {
  return std::all_of(lanes_.begin(), lanes_.end(), [](const queue::DeliveryList& lane) { return lane.empty(); });
}

bool LoopDispatcher::idle() const {
  return lanes_empty() && retry_.empty() && suspects_.empty() && between_rounds_.empty() && in_flight_ == 0 &&
         storing_ == 0 && parked_count_ == 0;
}

void LoopDispatcher::give_up(TimePoint now) {
  if (!draining_) begin_drain(now);
  giving_up_ = true;
  while (!between_rounds_.empty()) {
    Delivery& delivery = *between_rounds_.begin()->second;
    leave_state(delivery);
    enter_retry(delivery);
  }
}

Delivery* LoopDispatcher::oldest_ready() {
  Delivery* oldest = nullptr;
  for (queue::DeliveryList& lane : lanes_) {
    if (lane.empty() || (oldest != nullptr && oldest->admitted_at <= lane.front().admitted_at)) continue;
    oldest = &lane.front();
  }
  for (RetryLists* const lists : {&retry_, &suspects_}) {
    RetryLists::Group* const group = lists->first();
    if (group == nullptr) continue;
    Delivery& first = *group->packets.begin();
    if (oldest == nullptr || first.admitted_at <= oldest->admitted_at) oldest = &first;
  }
  return oldest;
}

TimePoint LoopDispatcher::oldest_left() {
  LOGDIST_CHECK(giving_up_);
  retry_.begin_pass();
  suspects_.begin_pass();
  const Delivery* const oldest = oldest_ready();
  return oldest == nullptr ? never : oldest->admitted_at;
}

void LoopDispatcher::dead_letter_until(TimePoint admitted_at) {
  while (oldest_left() <= admitted_at) {
    Delivery* const oldest = oldest_ready();
    if (oldest == nullptr) return;  // until `never`
    leave_state(*oldest);
    dead_letter(*oldest, DeadLetterReason::shutdown);
  }
}

void LoopDispatcher::attempt_ended(core::Attempt& attempt, const core::AttemptResult& result, TimePoint now) {
  Delivery& delivery = delivery_of(attempt);
  delivery.history.record(attempt.analyzer, result, now);
  finished_.push_back({&delivery, result, now - attempt.begun});
  turn_request_.turn_soon();
}

void LoopDispatcher::capacity_changed(AnalyzerId analyzer, std::uint32_t packets, TimePoint now) {
  balancer_.set_capacity(analyzer, packets, now);
}

void LoopDispatcher::messages_refused(AnalyzerId analyzer, std::uint32_t messages) {
  ledger_.messages_refused(analyzer, messages);
}

/// Whether the packet, not under way now, is beyond delivery.max_age.
bool LoopDispatcher::too_old(Delivery& delivery, TimePoint now) {
  if (options_.max_age == Duration::zero() || !delivery.retry_state.answered()) return false;
  if (now - delivery.admitted_at >= options_.max_age) return true;
  using Hook = boost::intrusive::set_base_hook<boost::intrusive::tag<queue::AnsweredTag>>;
  if (!static_cast<Hook&>(delivery).is_linked()) answered_.insert(delivery);
  return false;
}

void LoopDispatcher::end_too_old(TimePoint now) {
  while (!answered_.empty() && answered_.begin()->admitted_at + options_.max_age <= now) {
    Delivery& delivery = *answered_.begin();
    answered_.erase(answered_.begin());
    // The attempt under way decides; a dead letter has its bytes.
    if (delivery.state == DeliveryState::in_flight || delivery.state == DeliveryState::fetching) continue;
    turn_request_.turn_soon();
    if (delivery.parked) {
      fetch(delivery);
    } else {
      leave_state(delivery);
      dead_letter(delivery, DeadLetterReason::max_age);
    }
  }
}

bool LoopDispatcher::must_hand_back(const Delivery& delivery, TimePoint now) const {
  return is_request(delivery) && (delivery.abandoned || draining_ || delivery.give_up_at <= now);
}

}  // namespace logdist::dispatch
