// Who the analyzers are: they come, go and change their weights while the daemon runs.
#include <algorithm>

#include "dispatch/scheduler_state.hpp"
#include "logdist/base/check.hpp"

namespace logdist::dispatch {

Scheduler::Revision::Revision(Scheduler& scheduler, TimePoint now)
    : scheduler_(scheduler), now_(now), lock_(scheduler.mutex_) {}

Scheduler::Revision::~Revision() {
  WakeList wakes;
  scheduler_.plan_wakes(no_loop, now_, wakes);
  lock_.unlock();
  scheduler_.send_wakes(wakes);
}

AnalyzerId Scheduler::Revision::add(const AnalyzerSpec& spec) {
  ++scheduler_.capacity_version_;
  scheduler_.wake_control_ = true;
  return scheduler_.enter(spec, now_);
}

void Scheduler::Revision::remove(AnalyzerId id) {
  Analyzer& analyzer = scheduler_.present(id);
  scheduler_.selector_.remove(id);
  scheduler_.testing_ -= analyzer.seen_state == health::State::testing ? 1 : 0;
  analyzer.removed = true;
  analyzer.in_service = false;
  --scheduler_.present_;
  for (Loop& loop : scheduler_.loops_) loop.recalls.push_back(id);
}

void Scheduler::Revision::set_weight(AnalyzerId id, std::uint64_t weight_units) {
  scheduler_.present(id);
  scheduler_.selector_.set_weight(id, weight_units);
}

void Scheduler::Revision::set_max_in_flight(AnalyzerId id, std::uint32_t packets) {
  scheduler_.present(id).max_in_flight = packets;
  scheduler_.refresh(id, now_);
}

void Scheduler::Revision::set_drained(AnalyzerId id, bool drained) {
  Analyzer& analyzer = scheduler_.present(id);
  if (analyzer.drained == drained) return;
  analyzer.drained = drained;
  if (!drained) analyzer.monitor->begin_slow_start(now_);
  ++scheduler_.capacity_version_;
  scheduler_.wake_control_ = true;  // for the slow start
  scheduler_.refresh(id, now_);
}

AnalyzerId Scheduler::add(const AnalyzerSpec& spec, TimePoint now) { return Revision(*this, now).add(spec); }

void Scheduler::remove(AnalyzerId id, TimePoint now) { Revision(*this, now).remove(id); }

void Scheduler::set_weight(AnalyzerId id, std::uint64_t weight_units) {
  const std::lock_guard lock(mutex_);
  present(id);
  selector_.set_weight(id, weight_units);  // nobody waits for a weight
}

void Scheduler::set_max_in_flight(AnalyzerId id, std::uint32_t packets, TimePoint now) {
  Revision(*this, now).set_max_in_flight(id, packets);
}

void Scheduler::set_drained(AnalyzerId id, bool drained, TimePoint now) {
  Revision(*this, now).set_drained(id, drained);
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
