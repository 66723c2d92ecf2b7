// Who the analyzers are: they come, go and change their weights while the daemon runs.
#include <algorithm>

#include "dispatch/scheduler_state.hpp"
#include "logdist/base/check.hpp"

namespace logdist::dispatch {

AnalyzerId Scheduler::add(const AnalyzerSpec& spec, TimePoint now) {
  WakeList wakes;
  AnalyzerId id = 0;
  {
    const std::lock_guard lock(mutex_);
    id = enter(spec, now);
    ++capacity_version_;
    wake_control_ = true;
    plan_wakes(no_loop, now, wakes);
  }
  send_wakes(wakes);
  return id;
}

void Scheduler::remove(AnalyzerId id, TimePoint now) {
  WakeList wakes;
  {
    const std::lock_guard lock(mutex_);
    Analyzer& analyzer = present(id);
    selector_.remove(id);
    testing_ -= analyzer.seen_state == health::State::testing ? 1 : 0;
    analyzer.removed = true;
    analyzer.in_service = false;
    --present_;
    for (Loop& loop : loops_) loop.recalls.push_back(id);
    plan_wakes(no_loop, now, wakes);
  }
  send_wakes(wakes);
}

void Scheduler::set_weight(AnalyzerId id, std::uint64_t weight_units) {
  const std::lock_guard lock(mutex_);
  present(id);
  selector_.set_weight(id, weight_units);
}

void Scheduler::set_max_in_flight(AnalyzerId id, std::uint32_t packets, TimePoint now) {
  WakeList wakes;
  {
    const std::lock_guard lock(mutex_);
    present(id).max_in_flight = packets;
    refresh(id, now);
    plan_wakes(no_loop, now, wakes);
  }
  send_wakes(wakes);
}

void Scheduler::set_capacity(AnalyzerId id, std::uint32_t packets, TimePoint now) {
  WakeList wakes;
  {
    const std::lock_guard lock(mutex_);
    if (analyzers_[id].removed) return;  // a loop may still learn of its connections
    analyzers_[id].capacity = packets;
    refresh(id, now);
    plan_wakes(no_loop, now, wakes);
  }
  send_wakes(wakes);
}

AnalyzerId Scheduler::enter(const AnalyzerSpec& spec, TimePoint now) {
  Analyzer& analyzer = analyzers_.emplace_back();
  analyzer.monitor = std::make_unique<health::Monitor>(options_.health, random_, now);
  analyzer.max_in_flight = spec.max_in_flight;
  analyzer.capacity = spec.capacity;
  analyzer.slots = std::min(spec.max_in_flight, spec.capacity);
  ++present_;
  return selector_.add(spec.weight_units, analyzer.slots);
}

Scheduler::Analyzer& Scheduler::present(AnalyzerId id) {
  LOGDIST_CHECK(id < analyzers_.size() && !analyzers_[id].removed);
  return analyzers_[id];
}

}  // namespace logdist::dispatch
