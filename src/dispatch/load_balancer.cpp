#include "logdist/dispatch/load_balancer.hpp"

#include <algorithm>
#include <utility>

#include "dispatch/load_balancer_state.hpp"
#include "dispatch/selector_groups.hpp"
#include "logdist/base/check.hpp"
#include "logdist/retry/classify.hpp"

namespace logdist::dispatch {
namespace {

/// How often the slow start's ramp is raised.
constexpr Duration ramp_step = std::chrono::milliseconds(50);

}  // namespace

LoadBalancer::LoadBalancer(const LoadBalancerOptions& options, std::span<const AnalyzerSpec> analyzers,
                           std::size_t loops, WakeupListener& wakeups, TimePoint now)
    : options_(options),
      wakeups_(wakeups),
      random_(options.seed),
      selector_(std::make_unique<SelectorGroups>(options.balance)),
      loops_(loops) {
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
      const bool wanted_suspect = monitor.wants_suspect_trial();
      monitor.tick(now);
      const bool is_new = monitor.wants_trial() != wanted_trial || monitor.wants_suspect_trial() != wanted_suspect;
      if (is_new) ++capacity_version_;
      refresh(id, now);
    }
    // Whether a failed one is probed depends on all others: one may just have returned from its pause.
    for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
      health::Monitor& monitor = *analyzers_[id].monitor;
      if (analyzers_[id].removed || !monitor.probe_due(now)) continue;
      monitor.probe_begun(now);
      probes.push_back({id, monitor.epoch()});
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
    view.account = selector_->account(id);
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
    earliest = std::min(earliest, std::max(analyzer.paused_until, failed ? analyzer.monitor->testing_at() : now));
  }
  return std::max(earliest, now) - now;
}

/// Brings the selector's picture of one analyzer up to date with its monitor and
/// its pause. `failure` is what may have moved the monitor.
void LoadBalancer::refresh(AnalyzerId id, TimePoint now, const core::Failure& failure) {
  Analyzer& analyzer = analyzers_[id];
  const health::State state = analyzer.monitor->state();
  if (state != analyzer.seen_state) {
    state_changes_.push_back({id, analyzer.seen_state, state, now, failure, analyzer.monitor->testing_at()});
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
    selector_->set_slots(id, slots);
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
  selector_->set_in_service(id, in_service);
  count_in_service(in_service);
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

/// One enters service or leaves it. Without any the Failed ones are probed, too.
void LoadBalancer::count_in_service(bool enters) {
  const bool all_were_out = in_service_ == 0;
  if (enters) {
    ++in_service_;
  } else {
    --in_service_;
    ++service_version_;
  }
  const bool all_out = in_service_ == 0;
  if (all_out == all_were_out) return;
  for (Analyzer& analyzer : analyzers_) analyzer.monitor->set_all_out(all_out);
  wake_control_ = true;
}

/// Loops with something to recall are woken in any case; of those that wait for a
/// slot only the one with the oldest packet, which wakes the next in its turn.
void LoadBalancer::plan_wakes(LoopId current, TimePoint now, WakeList& wakeups) {
  const auto wake = [this, &wakeups](LoopId id) {
    // One that was woken and has not had its turn yet will see it all then.
    if (!std::exchange(loops_[id].wake_pending, true)) wakeups.loops.push_back(id);
  };
  LoopId oldest = no_loop;
  const bool trial = wanted_trial(std::nullopt, {}, now).has_value();
  const bool capacity = selector_->can_pick() || trial;
  const bool suspects_yield = fresh_waits();
  const bool suspect_trial = !suspects_yield && trial;  // or the probe decides
  const bool suspects_fit = suspect_trial || has_room_for_suspects(suspects_yield);
  const auto head = [suspects_fit](const Loop& loop) {
    return suspects_fit ? std::min(loop.blocked_head, loop.suspect_head) : loop.blocked_head;
  };
  for (LoopId id = 0; id < loops_.size(); ++id) {
    const Loop& loop = loops_[id];
    if (id == current) continue;
    if (!loop.recalls.empty()) wake(id);
    const bool waits = loop.blocked_at_version != 0 && loop.blocked_at_version < capacity_version_;
    const bool might_place = capacity && waits && (suspects_fit || !loop.only_suspects);
    if (might_place && (oldest == no_loop || head(loop) < head(loops_[oldest]))) oldest = id;
  }
  if (oldest != no_loop) wake(oldest);
  wakeups.control = std::exchange(wake_control_, false);
}

void LoadBalancer::send_wakes(const WakeList& wakeups) {
  for (const LoopId loop : wakeups.loops) wakeups_.wake_loop(loop);
  if (wakeups.control) wakeups_.wake_control();
}

}  // namespace logdist::dispatch
