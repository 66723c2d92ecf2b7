#include "logdist/dispatch/load_balancer.hpp"

#include <algorithm>
#include <utility>

#include "dispatch/load_balancer_state.hpp"
#include "logdist/base/check.hpp"
#include "logdist/retry/classify.hpp"

namespace logdist::dispatch {
namespace {

/// How often the slow start's ramp is raised.
constexpr Duration ramp_step = std::chrono::milliseconds(50);

bool contains(std::span<const AnalyzerId> analyzers, AnalyzerId analyzer) {
  return std::find(analyzers.begin(), analyzers.end(), analyzer) != analyzers.end();
}

}  // namespace

LoadBalancer::LoadBalancer(const LoadBalancerOptions& options, std::span<const AnalyzerSpec> analyzers,
                           std::size_t loops, WakeupListener& wakeups, TimePoint now)
    : options_(options), wakeups_(wakeups), random_(options.seed), selector_(options.balance), loops_(loops) {
  for (const AnalyzerSpec& spec : analyzers) enter(spec, now);
}

LoadBalancer::~LoadBalancer() = default;

std::vector<ProbeOrder> LoadBalancer::tick(TimePoint now) {
  WakeList wakeups;
  std::vector<ProbeOrder> probes;
  {
    const std::lock_guard lock(mutex_);
    for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
      if (analyzers_[id].removed) continue;
      health::Monitor& monitor = *analyzers_[id].monitor;
      const bool wanted_trial = monitor.wants_trial();
      monitor.tick(now);
      if (monitor.wants_trial() != wanted_trial) ++capacity_version_;
      if (monitor.probe_due(now)) {
        monitor.probe_begun(now);
        probes.push_back({id, monitor.epoch()});
      }
      refresh(id, now);
    }
    next_event_ = earliest_event(now);
    wake_control_ = false;  // the caller looks at everything anyway
    plan_wakes(no_loop, now, wakeups);
  }
  send_wakes(wakeups);
  return probes;
}

TimePoint LoadBalancer::next_event() const {
  const std::lock_guard lock(mutex_);
  return next_event_;
}

TimePoint LoadBalancer::earliest_event(TimePoint now) const {
  TimePoint earliest = never;
  for (const Analyzer& analyzer : analyzers_) {
    if (analyzer.removed) continue;
    earliest = std::min(earliest, analyzer.monitor->next_event());
    if (analyzer.paused_until > now) earliest = std::min(earliest, analyzer.paused_until);
    if (analyzer.monitor->ramping(now)) earliest = std::min(earliest, now + ramp_step);
  }
  return earliest;
}

void LoadBalancer::probe_ended(const ProbeOrder& order, health::ProbeResult result, TimePoint now,
                               const core::Failure& failure) {
  WakeList wakeups;
  {
    const std::lock_guard lock(mutex_);
    Analyzer& analyzer = analyzers_[order.analyzer];
    if (analyzer.removed) return;
    if (result == health::ProbeResult::failed) ++analyzer.failures;
    analyzer.monitor->on_probe(result, order.epoch, now);
    refresh(order.analyzer, now, failure);
    wake_control_ = true;
    // A passed probe may have made a trial possible without a change of state.
    ++capacity_version_;
    plan_wakes(no_loop, now, wakeups);
  }
  send_wakes(wakeups);
}

std::vector<AnalyzerView> LoadBalancer::views(TimePoint now) const {
  const std::lock_guard lock(mutex_);
  std::vector<AnalyzerView> views(analyzers_.size());
  for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
    const Analyzer& analyzer = analyzers_[id];
    AnalyzerView& view = views[id];
    view.state = analyzer.monitor->state();
    view.in_service = analyzer.in_service;
    view.removed = analyzer.removed;
    view.paused = analyzer.paused_until > now;
    view.drained = analyzer.drained;
    view.slots = analyzer.monitor->ramped(std::min(analyzer.max_in_flight, analyzer.capacity), now);
    view.failures = analyzer.failures;
    view.account = selector_.account(id);
  }
  return views;
}

bool LoadBalancer::ready() const {
  const std::lock_guard lock(mutex_);
  return std::any_of(analyzers_.begin(), analyzers_.end(),
                     [](const Analyzer& analyzer) { return analyzer.in_service; });
}

Duration LoadBalancer::until_ready(TimePoint now) const {
  const std::lock_guard lock(mutex_);
  TimePoint earliest = never;
  for (const Analyzer& analyzer : analyzers_) {
    if (analyzer.removed || analyzer.drained) continue;
    const bool failed = analyzer.monitor->state() == health::State::failed;
    earliest = std::min(earliest, std::max(analyzer.paused_until, failed ? analyzer.monitor->next_event() : now));
  }
  return std::max(earliest, now) - now;
}

/// Brings the selector's picture of one analyzer up to date with its monitor and
/// its pause. `failure` is what may have moved the monitor.
void LoadBalancer::refresh(AnalyzerId id, TimePoint now, const core::Failure& failure) {
  Analyzer& analyzer = analyzers_[id];
  const health::State state = analyzer.monitor->state();
  if (state != analyzer.seen_state) {
    const bool failed = state == health::State::failed;
    state_changes_.push_back(
        {id, analyzer.seen_state, state, now, failure, failed ? analyzer.monitor->next_event() : never});
    testing_ += state == health::State::testing ? 1 : 0;
    testing_ -= analyzer.seen_state == health::State::testing ? 1 : 0;
    analyzer.seen_state = state;
    ++capacity_version_;
    wake_control_ = true;
  }

  const std::uint32_t full = std::min(analyzer.max_in_flight, analyzer.capacity);
  const std::uint32_t slots = analyzer.monitor->ramped(full, now);
  if (slots != analyzer.slots) {
    analyzer.slots = slots;
    selector_.set_slots(id, slots);
    ++capacity_version_;
  }

  const bool paused = analyzer.paused_until > now;
  if (paused != analyzer.seen_paused) {
    analyzer.seen_paused = paused;
    ++capacity_version_;
  }
  const bool in_service = state == health::State::healthy && !paused && !analyzer.drained;
  if (in_service == analyzer.in_service) return;
  analyzer.in_service = in_service;
  selector_.set_in_service(id, in_service);
  if (in_service) return;
  for (Loop& loop : loops_) loop.recalls.push_back(id);
}

void LoadBalancer::pause(Analyzer& analyzer, const core::AttemptResult& result, TimePoint now) {
  // What was under way when the first 429 came says nothing new.
  const bool is_paused = analyzer.paused_until > now;
  if (!result.pause && is_paused) return;
  const Duration pause = result.pause ? *result.pause : options_.pause.wait(analyzer.pauses++, random_);
  if (!is_paused) {
    PauseNotice& unseen = analyzer.unseen_pauses;
    unseen = {0, unseen.pauses + 1, result.status, pause};
  }
  analyzer.paused_until = std::max(analyzer.paused_until, now + pause);
  wake_control_ = true;
}

/// The analyzer that is to get the next packet to test it; configured order.
std::optional<AnalyzerId> LoadBalancer::wanted_trial(std::span<const AnalyzerId> excluded, TimePoint now) const {
  if (testing_ == 0) return std::nullopt;
  for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
    const Analyzer& analyzer = analyzers_[id];
    const bool present = !analyzer.removed && !analyzer.drained;
    const bool testable = present && analyzer.monitor->wants_trial() && analyzer.paused_until <= now;
    // Attempts of its better days may still hold its slots.
    if (testable && selector_.has_free_slot(id) && !contains(excluded, id)) return id;
  }
  return std::nullopt;
}

/// Loops with something to recall are woken in any case; of those that wait for a
/// slot only the one with the oldest packet, which wakes the next in its turn.
void LoadBalancer::plan_wakes(LoopId current, TimePoint now, WakeList& wakeups) {
  const auto wake = [this, &wakeups](LoopId id) {
    // One that was woken and has not had its turn yet will see it all then.
    if (!std::exchange(loops_[id].wake_pending, true)) wakeups.loops.push_back(id);
  };
  LoopId oldest = no_loop;
  const bool capacity = selector_.can_pick({}) || wanted_trial({}, now);
  for (LoopId id = 0; id < loops_.size(); ++id) {
    const Loop& loop = loops_[id];
    if (id == current) continue;
    if (!loop.recalls.empty()) wake(id);
    const bool waits = loop.blocked_at_version != 0 && loop.blocked_at_version < capacity_version_;
    if (capacity && waits && (oldest == no_loop || loop.blocked_head < loops_[oldest].blocked_head)) oldest = id;
  }
  if (oldest != no_loop) wake(oldest);
  wakeups.control = std::exchange(wake_control_, false);
}

void LoadBalancer::send_wakes(const WakeList& wakeups) {
  for (const LoopId loop : wakeups.loops) wakeups_.wake_loop(loop);
  if (wakeups.control) wakeups_.wake_control();
}

LoadBalancer::PlacementBatch::PlacementBatch(LoadBalancer& balancer, LoopId loop, TimePoint now)
    : balancer_(balancer), loop_(loop), now_(now), lock_(balancer.mutex_) {
  Loop& mine = balancer_.loops_[loop_];
  mine.blocked_head = never;
  mine.blocked_at_version = 0;
  mine.wake_pending = false;
}

LoadBalancer::PlacementBatch::~PlacementBatch() {
  WakeList wakeups;
  balancer_.plan_wakes(loop_, now_, wakeups);
  lock_.unlock();
  balancer_.send_wakes(wakeups);
}

void LoadBalancer::PlacementBatch::attempt_ended(const Placement& placement, const core::AttemptResult& result) {
  const AnalyzerId id = placement.charge.analyzer;
  Analyzer& analyzer = balancer_.analyzers_[id];
  health::Monitor& monitor = *analyzer.monitor;
  ++balancer_.capacity_version_;
  if (analyzer.removed) {
    if (result.outcome == Outcome::delivered || result.outcome == Outcome::refused) {
      balancer_.selector_.release(placement.charge);
    } else {
      balancer_.selector_.undo(placement.charge);
    }
    return;
  }

  switch (result.outcome) {
    case Outcome::delivered:
      balancer_.selector_.release(placement.charge);
      analyzer.pauses = 0;
      monitor.on_success(placement.epoch, now_);
      if (monitor.state() != analyzer.seen_state) balancer_.refresh(id, now_);
      return;
    case Outcome::refused:
      if (monitor.state() == health::State::testing && placement.epoch == monitor.epoch()) {
        // Who is out of service has no share that it could have used up.
        balancer_.selector_.undo(placement.charge);
        monitor.trial_refused(placement.epoch, now_);
        balancer_.wake_control_ = true;
      } else {
        balancer_.selector_.release(placement.charge);
      }
      break;
    case Outcome::paused:
      balancer_.selector_.undo(placement.charge);
      balancer_.pause(analyzer, result, now_);
      monitor.trial_void(placement.epoch);
      break;
    case Outcome::unsent:
      balancer_.selector_.undo(placement.charge);
      monitor.trial_void(placement.epoch);
      break;
    default:
      LOGDIST_CHECK(retry::is_analyzer_failure(result.outcome));
      balancer_.selector_.undo(placement.charge);
      if (result.counts_for_health) {
        ++analyzer.failures;
        monitor.on_failure(placement.epoch, now_);
      } else {
        monitor.trial_void(placement.epoch);
      }
      break;
  }
  balancer_.refresh(id, now_, {result.outcome, result.status, result.error, false});
}

std::optional<Placement> LoadBalancer::PlacementBatch::place(std::uint32_t messages,
                                                             const retry::RetryState& retry_state,
                                                             TimePoint admitted_at) {
  LoadBalancer& shared = balancer_;
  const auto excluded = retry_state.excluded();
  const auto trial = shared.wanted_trial(excluded, now_);
  // The last opinion on a refused packet is not left to one that is being tested,
  // when one in service has room.
  if (trial && !(retry_state.refused_once() && shared.selector_.can_pick(excluded))) {
    health::Monitor& monitor = *shared.analyzers_[*trial].monitor;
    monitor.trial_begun();
    return Placement{shared.selector_.pick_this(*trial, messages), monitor.epoch()};
  }
  const bool yields = older_elsewhere(admitted_at);
  if (!yields) {
    if (const auto charge = shared.selector_.pick(messages, excluded)) {
      return Placement{*charge, shared.analyzers_[charge->analyzer].monitor->epoch()};
    }
  }
  Loop& mine = shared.loops_[loop_];
  // Who yields may find a slot as soon as the older packet has its own; who finds
  // none, only when one has become free since.
  const std::uint64_t version = shared.capacity_version_ - (yields ? 1 : 0);
  mine.blocked_at_version = mine.blocked_at_version == 0 ? version : std::min(mine.blocked_at_version, version);
  // Only a packet that any free slot suits may keep slots from younger ones.
  if (excluded.empty()) mine.blocked_head = std::min(mine.blocked_head, admitted_at);
  return std::nullopt;
}

bool LoadBalancer::PlacementBatch::older_elsewhere(TimePoint admitted_at) const {
  for (const Loop& loop : balancer_.loops_) {
    if (loop.blocked_head < admitted_at && &loop != &balancer_.loops_[loop_]) return true;
  }
  return false;
}

bool LoadBalancer::PlacementBatch::has_capacity() const {
  return balancer_.selector_.can_pick({}) || balancer_.wanted_trial({}, now_);
}

std::size_t LoadBalancer::PlacementBatch::analyzer_count() const { return balancer_.present_; }

bool LoadBalancer::PlacementBatch::anyone_else(std::span<const AnalyzerId> excluded) const {
  for (AnalyzerId id = 0; id < balancer_.analyzers_.size(); ++id) {
    if (balancer_.analyzers_[id].in_service && !contains(excluded, id)) return true;
  }
  return false;
}

void LoadBalancer::PlacementBatch::take_recalls(std::vector<AnalyzerId>& analyzers) {
  std::vector<AnalyzerId>& recalls = balancer_.loops_[loop_].recalls;
  analyzers.insert(analyzers.end(), recalls.begin(), recalls.end());
  recalls.clear();
}

}  // namespace logdist::dispatch
