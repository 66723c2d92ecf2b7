// Who the analyzers are: they come, go and change their weights while the daemon runs.
#include <algorithm>
#include <utility>

#include "dispatch/load_balancer_state.hpp"
#include "logdist/base/check.hpp"

namespace logdist::dispatch {

LoadBalancer::UpdateTransaction::UpdateTransaction(LoadBalancer& balancer, TimePoint now)
    : state_(*balancer.state_), now_(now), lock_(state_.mutex) {}

LoadBalancer::UpdateTransaction::~UpdateTransaction() {
  State::WakeList wakeups;
  state_.plan_wakes(no_loop, now_, wakeups);
  lock_.unlock();
  state_.send_wakes(wakeups);
}

AnalyzerId LoadBalancer::UpdateTransaction::add(const AnalyzerSpec& spec, std::optional<AnalyzerId> reused) {
  state_.mutex.is_held();
  ++state_.capacity_version;
  state_.control_due = true;
  return state_.enter(spec, now_, reused);
}

void LoadBalancer::UpdateTransaction::remove(AnalyzerId id) {
  state_.mutex.is_held();
  State::Analyzer& analyzer = state_.present(id);
  state_.selector.remove(id);
  state_.testing_count -= analyzer.seen_state == health::State::testing ? 1 : 0;
  analyzer.removed = true;
  if (std::exchange(analyzer.in_service, false)) state_.service_changed(id);
  ++state_.service_version;
  for (State::Loop& loop : state_.loops) loop.recalls.push_back(id);
}

void LoadBalancer::UpdateTransaction::set_weight(AnalyzerId id, std::uint64_t weight_units) {
  state_.mutex.is_held();
  state_.present(id).weight_units = weight_units;
  state_.selector.set_weight(id, weight_units);
}

void LoadBalancer::UpdateTransaction::set_max_in_flight(AnalyzerId id, std::uint32_t packets) {
  state_.mutex.is_held();
  state_.present(id).max_in_flight = packets;
  state_.refresh(id, now_);
}

void LoadBalancer::UpdateTransaction::set_drained(AnalyzerId id, bool drained) {
  state_.mutex.is_held();
  State::Analyzer& analyzer = state_.present(id);
  if (analyzer.drained == drained) return;
  analyzer.drained = drained;
  if (!drained) analyzer.monitor->begin_slow_start(now_);
  ++state_.capacity_version;
  state_.control_due = true;  // for the slow start
  state_.refresh(id, now_);
}

AnalyzerId LoadBalancer::add(const AnalyzerSpec& spec, TimePoint now, std::optional<AnalyzerId> reused) {
  return UpdateTransaction(*this, now).add(spec, reused);
}

void LoadBalancer::remove(AnalyzerId id, TimePoint now) { UpdateTransaction(*this, now).remove(id); }

void LoadBalancer::set_weight(AnalyzerId id, std::uint64_t weight_units) {
  const MutexLock lock(state_->mutex);
  state_->present(id).weight_units = weight_units;
  state_->selector.set_weight(id, weight_units);  // nobody waits for a weight
}

void LoadBalancer::set_max_in_flight(AnalyzerId id, std::uint32_t packets, TimePoint now) {
  UpdateTransaction(*this, now).set_max_in_flight(id, packets);
}

void LoadBalancer::set_drained(AnalyzerId id, bool drained, TimePoint now) {
  UpdateTransaction(*this, now).set_drained(id, drained);
}

void LoadBalancer::set_capacity(AnalyzerId id, std::uint32_t packets, TimePoint now) {
  State::WakeList wakeups;
  {
    const MutexLock lock(state_->mutex);
    if (state_->analyzers[id].removed) return;  // a loop may still learn of its connections
    state_->analyzers[id].capacity = packets;
    state_->refresh(id, now);
    state_->plan_wakes(no_loop, now, wakeups);
  }
  state_->send_wakes(wakeups);
}

AnalyzerId LoadBalancer::State::enter(const AnalyzerSpec& spec, TimePoint now, std::optional<AnalyzerId> reused) {
  health::Epoch epoch = 0;
  if (reused) {
    LOGDIST_CHECK(analyzers[*reused].removed);
    // A probe of the one before may still be under way.
    epoch = analyzers[*reused].monitor->epoch() + 1;
    analyzers[*reused] = {};
    for (Loop& loop : loops) std::erase(loop.recalls, *reused);
  }
  Analyzer& analyzer = reused ? analyzers[*reused] : analyzers.emplace_back();
  analyzer.monitor = std::make_unique<health::Monitor>(options.health, random, now, epoch);
  analyzer.max_in_flight = spec.max_in_flight;
  analyzer.capacity = spec.capacity;
  analyzer.connections = spec.connections;
  analyzer.slots = std::min(spec.max_in_flight, spec.capacity);
  const AnalyzerId id = selector.add(spec.weight_units, analyzer.slots, spec.formats, reused);
  analyzer.weight_units = spec.weight_units;
  outliers.enter(id);
  for (Loop& loop : loops) {
    loop.fresh.enter(id);
    loop.suspects.enter(id);
  }
  service_changed(id);
  return id;
}

LoadBalancer::State::Analyzer& LoadBalancer::State::present(AnalyzerId id) {
  LOGDIST_CHECK(id < analyzers.size() && !analyzers[id].removed);
  return analyzers[id];
}

}  // namespace logdist::dispatch
