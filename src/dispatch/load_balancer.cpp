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

balance::BalancerFactory factory_of(const LoadBalancerOptions& options) {
  if (options.make_balancer) return options.make_balancer;
  return [options = options.balance] { return std::make_unique<balance::Selector>(options); };
}

}  // namespace

LoadBalancer::State::State(const LoadBalancerOptions& options_given, std::span<const AnalyzerSpec> specs,
                           std::size_t loop_count, WakeupListener& wakeups, TimePoint now)
    : options(options_given),
      listener(wakeups),
      random(options_given.seed),
      selector(factory_of(options_given)),
      outliers(options_given.outlier, now),
      retries(options_given.max_retries),
      loops(loop_count) {
  for (const AnalyzerSpec& spec : specs) enter(spec, now);
}

LoadBalancer::LoadBalancer(const LoadBalancerOptions& options, std::span<const AnalyzerSpec> analyzers,
                           std::size_t loops, WakeupListener& wakeups, TimePoint now)
    : state_(std::make_unique<State>(options, analyzers, loops, wakeups, now)) {}

LoadBalancer::~LoadBalancer() = default;

std::vector<ProbeOrder> LoadBalancer::tick(TimePoint now) {
  State::WakeList wakeups;
  std::vector<ProbeOrder> probes;
  {
    const MutexLock lock(state_->mutex);
    if (now >= state_->outliers.next_event()) state_->eject_outliers(now);
    for (AnalyzerId id = 0; id < state_->analyzers.size(); ++id) {
      if (state_->analyzers[id].removed) continue;
      health::Monitor& monitor = *state_->analyzers[id].monitor;
      const bool wanted_trial = monitor.wants_trial();
      const bool wanted_suspect = monitor.wants_suspect_trial();
      const bool was_distrusted = monitor.distrusted();
      monitor.tick(now);
      const bool is_new = monitor.wants_trial() != wanted_trial || monitor.wants_suspect_trial() != wanted_suspect ||
                          monitor.distrusted() != was_distrusted;
      if (is_new) ++state_->capacity_version;
      state_->refresh(id, now, state_->analyzers[id].last_failure);
    }
    // Whether a failed one is probed depends on all others: one may just have returned from its pause.
    for (AnalyzerId id = 0; id < state_->analyzers.size(); ++id) {
      health::Monitor& monitor = *state_->analyzers[id].monitor;
      if (state_->analyzers[id].removed || !monitor.probe_due(now)) continue;
      monitor.probe_begun(now);
      probes.push_back({id, monitor.epoch()});
    }
    state_->next_event = state_->earliest_event(now);
    state_->control_due = false;  // the caller looks at everything anyway
    state_->plan_wakes(no_loop, now, wakeups);
  }
  state_->send_wakes(wakeups);
  return probes;
}

TimePoint LoadBalancer::next_event() const {
  const MutexLock lock(state_->mutex);
  return state_->next_event;
}

TimePoint LoadBalancer::State::earliest_event(TimePoint now) const {
  TimePoint earliest = outliers.next_event();
  for (const Analyzer& analyzer : analyzers) {
    if (analyzer.removed) continue;
    earliest = std::min(earliest, analyzer.monitor->next_event());
    if (analyzer.paused_until > now) earliest = std::min(earliest, analyzer.paused_until);
    if (analyzer.monitor->ramping(now)) earliest = std::min(earliest, now + ramp_step);
  }
  return earliest;
}

void LoadBalancer::probe_ended(const ProbeOrder& order, health::ProbeResult result, TimePoint now,
                               const core::Failure& failure) {
  State::WakeList wakeups;
  {
    const MutexLock lock(state_->mutex);
    State::Analyzer& analyzer = state_->analyzers[order.analyzer];
    if (analyzer.removed) return;
    const bool counts = analyzer.monitor->is_present(order.epoch);
    if (counts && result == health::ProbeResult::failed) ++analyzer.failures;
    analyzer.monitor->on_probe(result, order.epoch, now);
    state_->refresh(order.analyzer, now, failure);
    state_->control_due = true;
    // A passed probe may have made a trial possible without a change of state.
    ++state_->capacity_version;
    state_->plan_wakes(no_loop, now, wakeups);
  }
  state_->send_wakes(wakeups);
}

std::vector<AnalyzerView> LoadBalancer::views(TimePoint now) const {
  const MutexLock lock(state_->mutex);
  std::vector<AnalyzerView> views(state_->analyzers.size());
  for (AnalyzerId id = 0; id < state_->analyzers.size(); ++id) {
    const State::Analyzer& analyzer = state_->analyzers[id];
    AnalyzerView& view = views[id];
    view.state = analyzer.monitor->state();
    view.in_service = analyzer.in_service;
    view.removed = analyzer.removed;
    view.paused = analyzer.paused_until > now;
    view.drained = analyzer.drained;
    view.ejected = analyzer.ejected;
    view.slots = analyzer.monitor->ramped(std::min(analyzer.max_in_flight, analyzer.capacity), now);
    view.failures = analyzer.failures;
    view.ejections = analyzer.ejections;
    view.account = state_->selector.account(id);
  }
  return views;
}

void LoadBalancer::snapshot(const std::function<void(const BalanceSnapshot&)>& use) {
  const MutexLock lock(state_->mutex);
  BalanceSnapshot snapshot;
  snapshot.version = ++state_->balance_version;
  snapshot.largest_packet = state_->selector.largest_packet();
  snapshot.analyzers.reserve(state_->analyzers.size());
  for (AnalyzerId id = 0; id < state_->analyzers.size(); ++id) {
    const State::Analyzer& analyzer = state_->analyzers[id];
    snapshot.analyzers.push_back({state_->selector.account(id), analyzer.in_service, analyzer.removed});
  }
  use(snapshot);
}

void LoadBalancer::restore(std::span<const double> owed, std::uint64_t largest_packet) {
  const MutexLock lock(state_->mutex);
  state_->selector.restore(owed, largest_packet);
}

bool LoadBalancer::ready() const {
  const MutexLock lock(state_->mutex);
  return std::any_of(state_->analyzers.begin(), state_->analyzers.end(),
                     [](const State::Analyzer& analyzer) { return analyzer.in_service; });
}

bool LoadBalancer::has(AnalyzerId analyzer, core::Protocol protocol) const {
  const MutexLock lock(state_->mutex);
  return !state_->analyzers[analyzer].removed && state_->selector.takes(analyzer, protocol);
}

Duration LoadBalancer::until_ready(TimePoint now) const {
  const MutexLock lock(state_->mutex);
  TimePoint earliest = never;
  for (const State::Analyzer& analyzer : state_->analyzers) {
    if (analyzer.removed || analyzer.drained) continue;
    const bool failed = analyzer.monitor->state() == health::State::failed;
    earliest = std::min(earliest, std::max(analyzer.paused_until, failed ? analyzer.monitor->testing_at() : now));
  }
  return std::max(earliest, now) - now;
}

void LoadBalancer::State::refresh(AnalyzerId id, TimePoint now, const core::Failure& failure) {
  Analyzer& analyzer = analyzers[id];
  const health::State state = analyzer.monitor->state();
  if (state != analyzer.seen_state) {
    const core::Failure cause = state == health::State::failed ? failure : core::Failure{};
    state_changes.push_back({id, analyzer.seen_state, state, now, cause, analyzer.monitor->testing_at()});
    testing_count += state == health::State::testing ? 1 : 0;
    testing_count -= analyzer.seen_state == health::State::testing ? 1 : 0;
    analyzer.seen_state = state;
    analyzer.ejected = analyzer.ejected && state != health::State::healthy;
    ++capacity_version;
    control_due = true;
  }

  const std::uint32_t full = std::min(analyzer.max_in_flight, analyzer.capacity);
  const std::uint32_t slots = analyzer.monitor->ramped(full, now);
  if (slots != analyzer.slots) {
    analyzer.slots = slots;
    selector.set_slots(id, slots);
    ++capacity_version;
  }

  const bool paused = analyzer.paused_until > now;
  if (paused != analyzer.seen_paused) {
    analyzer.seen_paused = paused;
    ++capacity_version;
  }
  const bool in_service = state == health::State::healthy && !paused && !analyzer.drained;
  if (in_service == analyzer.in_service) return;
  analyzer.in_service = in_service;
  selector.set_in_service(id, in_service);
  service_changed(id);
  if (in_service) return;
  for (Loop& loop : loops) loop.recalls.push_back(id);
}

void LoadBalancer::State::service_changed(AnalyzerId id) {
  if (!analyzers[id].in_service) ++service_version;
  core::ProtocolSet unserved;
  for (std::size_t i = 0; i < core::protocol_count; ++i) {
    const auto format = static_cast<core::Protocol>(i);
    bool is_served = false;
    for (AnalyzerId other = 0; other < analyzers.size() && !is_served; ++other) {
      is_served = analyzers[other].in_service && selector.takes(other, format);
    }
    if (!is_served) unserved.add(format);
  }
  for (AnalyzerId other = 0; other < analyzers.size(); ++other) {
    Analyzer& analyzer = analyzers[other];
    const bool all_out = selector.takes_any(other, unserved);
    if (std::exchange(analyzer.seen_all_out, all_out) == all_out) continue;
    analyzer.monitor->set_all_out(all_out);
    control_due = true;
  }
}

void LoadBalancer::State::plan_wakes(LoopId current, TimePoint now, WakeList& wakeups) {
  const auto wake = [this, &wakeups](LoopId id) LOGDIST_REQUIRES(mutex) {
    // One that was woken and has not had its turn yet will see it all then.
    if (!std::exchange(loops[id].wake_pending, true)) wakeups.loops.push_back(id);
  };
  bool anyone_waits = false;
  for (LoopId id = 0; id < loops.size(); ++id) {
    if (id == current) continue;
    if (!loops[id].recalls.empty()) wake(id);
    anyone_waits = anyone_waits || awaits_slot(loops[id]);
  }
  if (anyone_waits) {
    const LoopId next = next_to_place(current, now);
    if (next != no_loop) wake(next);
  }
  const LoopId retrying = retries.has_room() ? next_to_retry(current) : no_loop;
  if (retrying != no_loop) wake(retrying);
  wakeups.control = std::exchange(control_due, false);
}

LoopId LoadBalancer::State::next_to_place(LoopId current, TimePoint now) {
  if (!selector.can_pick() && !wanted_trial(std::nullopt, now)) return no_loop;
  note_fresh_waits();
  using Analyzers = boost::container::small_vector<AnalyzerId, 16>;
  Analyzers for_fresh;
  Analyzers for_suspects;
  for (AnalyzerId id = 0; id < analyzers.size(); ++id) {
    const bool room = has_room(id);
    const bool test = awaits_test(id, now);
    const bool fresh_waits = analyzers[id].fresh_waits;
    if (room || test) for_fresh.push_back(id);
    // While no other waits, or the probe decides.
    if ((test && !fresh_waits) || (room && suspect_fits(id, fresh_waits))) for_suspects.push_back(id);
  }
  const auto oldest_of = [](const WaitingPackets& waiting, const Analyzers& there) {
    TimePoint oldest = never;
    for (const AnalyzerId id : there) {
      oldest = std::min(oldest, waiting.since(id));
      if (waiting.since_somewhere() == never) break;  // the same for all
    }
    return oldest;
  };
  LoopId next = no_loop;
  TimePoint oldest = never;
  for (LoopId id = 0; id < loops.size(); ++id) {
    const Loop& loop = loops[id];
    if (id == current || !awaits_slot(loop)) continue;
    const TimePoint since = std::min(oldest_of(loop.fresh, for_fresh), oldest_of(loop.suspects, for_suspects));
    if (since >= oldest) continue;  // or it could place none
    next = id;
    oldest = since;
  }
  return next;
}

void LoadBalancer::State::send_wakes(const WakeList& wakeups) {
  for (const LoopId loop : wakeups.loops) listener.wake_loop(loop);
  if (wakeups.control) listener.wake_control();
}

}  // namespace logdist::dispatch
