// One loop's turn: results in, placements out.
#include <algorithm>
#include <utility>

#include "dispatch/load_balancer_state.hpp"
#include "logdist/base/check.hpp"
#include "logdist/retry/classify.hpp"

namespace logdist::dispatch {

LoadBalancer::PlacementBatch::PlacementBatch(LoadBalancer& balancer, LoopId loop, TimePoint now)
    : state_(*balancer.state_), loop_(loop), now_(now), lock_(state_.mutex) {
  State::Loop& mine = state_.loops[loop_];
  mine.fresh.clear();
  mine.suspects.clear();
  mine.blocked_at_version = 0;
  mine.retry_since = never;
  mine.wake_pending = false;
}

LoadBalancer::PlacementBatch::~PlacementBatch() {
  State::WakeList wakeups;
  state_.plan_wakes(loop_, now_, wakeups);
  lock_.unlock();
  state_.send_wakes(wakeups);
}

retry::Taken LoadBalancer::PlacementBatch::attempt_ended(const Placement& placement, const core::AttemptResult& result,
                                                         const retry::RetryState& packet, Duration lasted) {
  state_.mutex.is_held();
  const AnalyzerId id = placement.charge.analyzer;
  State::Analyzer& analyzer = state_.analyzers[id];
  const bool suspect = packet.suspect();
  ++state_.capacity_version;
  if (suspect) --analyzer.suspects;
  state_.retries.end(packet.attempts() > 0);
  if (result.outcome == Outcome::delivered) {
    ++analyzer.delivered;
    analyzer.delivered_at = now_;
  }
  const bool lately = analyzer.delivered > 0 && now_ - analyzer.delivered_at <= state_.options.health.interval;
  retry::Taken taken{analyzer.delivered, lately};
  if (analyzer.removed) {
    if (result.outcome == Outcome::delivered || result.outcome == Outcome::refused) {
      state_.selector.release({placement.charge, placement.group});
    } else {
      state_.selector.undo({placement.charge, placement.group});
    }
    return taken;
  }
  switch (result.outcome) {
    case Outcome::delivered:
      state_.selector.release({placement.charge, placement.group});
      analyzer.unnamed_pauses = 0;
      analyzer.unheard_pauses = 0;
      analyzer.monitor->on_success(placement.epoch, now_, lasted);
      if (!suspect && state_.outliers.enabled()) state_.outliers.on_success(id, lasted);
      if (!suspect) analyzer.monitor->attempt_ended(placement.epoch, now_);
      if (analyzer.monitor->state() != analyzer.seen_state) state_.refresh(id, now_);
      return taken;
    case Outcome::refused: end_refused(placement); break;
    case Outcome::paused:
      state_.selector.undo({placement.charge, placement.group});
      taken.pause = state_.pause(id, result, packet.asked_pauses(), now_);
      analyzer.monitor->trial_void(placement.epoch);
      break;
    case Outcome::unsent:
      state_.selector.undo({placement.charge, placement.group});
      analyzer.monitor->trial_void(placement.epoch);
      break;
    default: end_failed(placement, result, suspect, lasted); break;
  }
  // One that says nothing itself may have been the last that a failure streak waited for.
  if (!suspect) analyzer.monitor->attempt_ended(placement.epoch, now_);
  state_.refresh(id, now_, analyzer.last_failure);
  return taken;
}

void LoadBalancer::PlacementBatch::end_refused(const Placement& placement) {
  state_.mutex.is_held();
  health::Monitor& monitor = *state_.analyzers[placement.charge.analyzer].monitor;
  if (monitor.state() != health::State::testing || placement.epoch != monitor.epoch()) {
    state_.selector.release({placement.charge, placement.group});
    return;
  }
  // Who is out of service has no share that it could have used up.
  state_.selector.undo({placement.charge, placement.group});
  monitor.trial_refused(placement.epoch, now_);
  state_.control_due = true;
}

void LoadBalancer::PlacementBatch::end_failed(const Placement& placement, const core::AttemptResult& result,
                                              bool suspect, Duration lasted) {
  state_.mutex.is_held();
  LOGDIST_CHECK(retry::is_analyzer_failure(result.outcome));
  State::Analyzer& analyzer = state_.analyzers[placement.charge.analyzer];
  state_.selector.undo({placement.charge, placement.group});
  if (!result.counts_for_health) {
    analyzer.monitor->trial_void(placement.epoch);
  } else if (suspect) {
    analyzer.monitor->on_suspect_failure(placement.epoch, now_);
    state_.control_due = state_.control_due || analyzer.seen_state == health::State::testing;
  } else {
    ++analyzer.failures;
    if (state_.outliers.enabled()) state_.outliers.on_failure(placement.charge.analyzer);
    analyzer.last_failure = {result.outcome, result.status, result.error, false};
    analyzer.monitor->on_failure(placement.epoch, now_, lasted);
    state_.control_due = state_.control_due || analyzer.monitor->next_event() < state_.next_event;
  }
}

std::optional<Placement> LoadBalancer::PlacementBatch::place(const PacketFacts& packet,
                                                             const retry::RetryState& retry_state) {
  state_.mutex.is_held();
  if (!may_be_in_flight(packet, retry_state)) return std::nullopt;
  if (!std::exchange(has_looked_elsewhere_, true)) state_.look_elsewhere(loop_);
  const Eligibility eligible{packet.protocol, retry_state.excluded(), retry_state.only()};
  const auto placement =
      retry_state.suspect() ? place_suspect(packet, eligible) : place_fresh(packet, eligible, retry_state);
  if (placement) {
    state_.retries.begin(retry_state.attempts() > 0);
    return placement;
  }
  const TimePoint oldest_elsewhere = std::min(state_.fresh_elsewhere.since(), state_.suspects_elsewhere.since());
  const bool yields = oldest_elsewhere < packet.admitted_at && has_slot(packet.protocol, retry_state);
  note_waiting(packet, retry_state, yields);
  return std::nullopt;
}

std::optional<Placement> LoadBalancer::PlacementBatch::place_fresh(const PacketFacts& packet,
                                                                   const Eligibility& eligible,
                                                                   const retry::RetryState& retry_state) {
  state_.mutex.is_held();
  if (const auto trial = wanted_trial_of(eligible, retry_state, packet.admitted_at)) {
    return begin_trial(*trial, packet);
  }
  if (state_.fresh_elsewhere.since_anywhere() < packet.admitted_at) return std::nullopt;
  const TimePoint oldest_elsewhere = std::min(state_.fresh_elsewhere.since(), state_.suspects_elsewhere.since());
  if (oldest_elsewhere >= packet.admitted_at) return pick(packet, closed_to(eligible), false);
  const auto closed = closed_to(eligible);
  if (closed.data() != closed_.data()) closed_.assign(closed.begin(), closed.end());
  close_to_younger(packet.admitted_at);
  return pick(packet, {closed_.data(), closed_.size()}, false);
}

/// Those excluded, and all others when there is an only one.
std::span<const AnalyzerId> LoadBalancer::PlacementBatch::closed_to(const Eligibility& eligible) {
  state_.mutex.is_held();
  if (!eligible.only) return eligible.excluded;
  closed_.clear();
  for (AnalyzerId id = 0; id < state_.analyzers.size(); ++id) {
    if (state_.analyzers[id].in_service && !state_.may_get(id, eligible)) closed_.push_back(id);
  }
  return {closed_.data(), closed_.size()};
}

std::optional<Placement> LoadBalancer::PlacementBatch::pick(const PacketFacts& packet,
                                                            std::span<const AnalyzerId> closed, bool suspect) {
  state_.mutex.is_held();
  const auto charged = state_.selector.pick(packet.protocol, packet.messages, closed);
  if (!charged) return std::nullopt;
  health::Monitor& monitor = *state_.analyzers[charged->charge.analyzer].monitor;
  return Placement{charged->charge, suspect ? monitor.epoch() : monitor.attempt_begun(), charged->group};
}

std::optional<AnalyzerId> LoadBalancer::PlacementBatch::wanted_trial_of(const Eligibility& eligible,
                                                                        const retry::RetryState& retry_state,
                                                                        TimePoint admitted_at) {
  state_.mutex.is_held();
  // The last opinion on a refused packet is not left to one that is being tested,
  // when one in service has room.
  if (retry_state.refused_once() && state_.selector.can_pick(eligible.protocol, closed_to(eligible))) {
    return std::nullopt;
  }
  return state_.wanted_trial(eligible, now_, admitted_at);
}

Placement LoadBalancer::PlacementBatch::begin_trial(AnalyzerId analyzer, const PacketFacts& packet) {
  state_.mutex.is_held();
  health::Monitor& monitor = *state_.analyzers[analyzer].monitor;
  monitor.trial_begun();
  const auto charged = state_.selector.pick_this(packet.protocol, analyzer, packet.messages);
  return Placement{charged.charge, monitor.epoch(), charged.group};
}

bool LoadBalancer::PlacementBatch::wait(const PacketFacts& packet, const retry::RetryState& retry_state) {
  if (may_be_in_flight(packet, retry_state)) return note_waiting(packet, retry_state, false);
  return true;
}

/// See wait().
bool LoadBalancer::PlacementBatch::note_waiting(const PacketFacts& packet, const retry::RetryState& retry_state,
                                                bool yields) {
  state_.mutex.is_held();
  State::Loop& mine = state_.loops[loop_];
  // Who yields may find a slot as soon as the older packet has its own; who finds
  // none, only when one has become free since.
  const std::uint64_t version = state_.capacity_version - (yields ? 1 : 0);
  mine.blocked_at_version = mine.blocked_at_version == 0 ? version : std::min(mine.blocked_at_version, version);
  const Eligibility eligible{packet.protocol, retry_state.excluded(), retry_state.only()};
  WaitingPackets& waiting = retry_state.suspect() ? mine.suspects : mine.fresh;
  if (waiting.covers(packet.admitted_at)) return false;
  if (eligible.excluded.empty() && !eligible.only && state_.selector.all_take(packet.protocol)) {
    waiting.add(packet.admitted_at);
    return false;
  }
  bool anyone = false;
  bool covered = true;
  for (AnalyzerId id = 0; id < state_.analyzers.size(); ++id) {
    if (state_.analyzers[id].removed) continue;
    if (waiting.since(id) <= packet.admitted_at) {
      anyone = anyone || state_.may_get(id, eligible);
    } else if (state_.may_get(id, eligible)) {
      waiting.add(packet.admitted_at, id);
      anyone = true;
    } else {
      covered = false;
    }
  }
  if (!anyone) waiting.add_for_nobody(packet.admitted_at);
  if (covered) waiting.cover(packet.admitted_at);
  return !covered;
}

void LoadBalancer::State::look_elsewhere(LoopId loop) {
  fresh_elsewhere.clear();
  suspects_elsewhere.clear();
  for (LoopId id = 0; id < loops.size(); ++id) {
    if (id == loop) continue;
    fresh_elsewhere.add(loops[id].fresh);
    suspects_elsewhere.add(loops[id].suspects);
  }
}

std::uint64_t LoadBalancer::PlacementBatch::service_version() const {
  state_.mutex.is_held();
  return state_.service_version;
}

std::uint64_t LoadBalancer::PlacementBatch::balance_version() const {
  state_.mutex.is_held();
  return state_.balance_version;
}

bool LoadBalancer::PlacementBatch::has_capacity() const {
  state_.mutex.is_held();
  return state_.selector.can_pick() || state_.wanted_trial(std::nullopt, now_);
}

std::size_t LoadBalancer::PlacementBatch::analyzer_count(const Eligibility& eligible) const {
  state_.mutex.is_held();
  if (!eligible.only) return state_.selector.takers(eligible.protocol);
  return !state_.analyzers[*eligible.only].removed && state_.selector.takes(*eligible.only, eligible.protocol) ? 1 : 0;
}

bool LoadBalancer::PlacementBatch::anyone_else(const Eligibility& eligible) const {
  state_.mutex.is_held();
  for (AnalyzerId id = 0; id < state_.analyzers.size(); ++id) {
    if (state_.analyzers[id].in_service && state_.may_get(id, eligible)) return true;
  }
  return false;
}

void LoadBalancer::PlacementBatch::take_recalls(std::vector<AnalyzerId>& analyzers) {
  state_.mutex.is_held();
  std::vector<AnalyzerId>& recalls = state_.loops[loop_].recalls;
  analyzers.insert(analyzers.end(), recalls.begin(), recalls.end());
  recalls.clear();
}

}  // namespace logdist::dispatch
