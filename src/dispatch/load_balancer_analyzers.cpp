// Who the analyzers are: they come, go and change their weights while the daemon runs.
#include <algorithm>

#include "dispatch/load_balancer_state.hpp"
#include "dispatch/selector_groups.hpp"
#include "logdist/base/check.hpp"

namespace logdist::dispatch {

LoadBalancer::UpdateTransaction::UpdateTransaction(LoadBalancer& balancer, TimePoint now)
    : balancer_(balancer), now_(now), lock_(balancer.mutex_) {}

LoadBalancer::UpdateTransaction::~UpdateTransaction() {
  WakeList wakeups;
  balancer_.plan_wakes(no_loop, now_, wakeups);
  lock_.unlock();
  balancer_.send_wakes(wakeups);
}

AnalyzerId LoadBalancer::UpdateTransaction::add(const AnalyzerSpec& spec) {
  ++balancer_.capacity_version_;
  balancer_.wake_control_ = true;
  return balancer_.enter(spec, now_);
}

void LoadBalancer::UpdateTransaction::remove(AnalyzerId id) {
  Analyzer& analyzer = balancer_.present(id);
  balancer_.selector_->remove(id);
  balancer_.testing_ -= analyzer.seen_state == health::State::testing ? 1 : 0;
  analyzer.removed = true;
  if (analyzer.in_service) balancer_.count_in_service(false);
  analyzer.in_service = false;
  --balancer_.present_;
  for (Loop& loop : balancer_.loops_) loop.recalls.push_back(id);
}

void LoadBalancer::UpdateTransaction::set_weight(AnalyzerId id, std::uint64_t weight_units) {
  balancer_.present(id);
  balancer_.selector_->set_weight(id, weight_units);
}

void LoadBalancer::UpdateTransaction::set_max_in_flight(AnalyzerId id, std::uint32_t packets) {
  balancer_.present(id).max_in_flight = packets;
  balancer_.refresh(id, now_);
}

void LoadBalancer::UpdateTransaction::set_drained(AnalyzerId id, bool drained) {
  Analyzer& analyzer = balancer_.present(id);
  if (analyzer.drained == drained) return;
  analyzer.drained = drained;
  if (!drained) analyzer.monitor->begin_slow_start(now_);
  ++balancer_.capacity_version_;
  balancer_.wake_control_ = true;  // for the slow start
  balancer_.refresh(id, now_);
}

AnalyzerId LoadBalancer::add(const AnalyzerSpec& spec, TimePoint now) {
  return UpdateTransaction(*this, now).add(spec);
}

void LoadBalancer::remove(AnalyzerId id, TimePoint now) { UpdateTransaction(*this, now).remove(id); }

void LoadBalancer::set_weight(AnalyzerId id, std::uint64_t weight_units) {
  const std::lock_guard lock(mutex_);
  present(id);
  selector_->set_weight(id, weight_units);  // nobody waits for a weight
}

void LoadBalancer::set_max_in_flight(AnalyzerId id, std::uint32_t packets, TimePoint now) {
  UpdateTransaction(*this, now).set_max_in_flight(id, packets);
}

void LoadBalancer::set_drained(AnalyzerId id, bool drained, TimePoint now) {
  UpdateTransaction(*this, now).set_drained(id, drained);
}

void LoadBalancer::set_capacity(AnalyzerId id, std::uint32_t packets, TimePoint now) {
  WakeList wakeups;
  {
    const std::lock_guard lock(mutex_);
    if (analyzers_[id].removed) return;  // a loop may still learn of its connections
    analyzers_[id].capacity = packets;
    refresh(id, now);
    plan_wakes(no_loop, now, wakeups);
  }
  send_wakes(wakeups);
}

AnalyzerId LoadBalancer::enter(const AnalyzerSpec& spec, TimePoint now) {
  Analyzer& analyzer = analyzers_.emplace_back();
  analyzer.monitor = std::make_unique<health::Monitor>(options_.health, random_, now);
  analyzer.max_in_flight = spec.max_in_flight;
  analyzer.capacity = spec.capacity;
  analyzer.connections = spec.connections;
  analyzer.slots = std::min(spec.max_in_flight, spec.capacity);
  ++present_;
  count_in_service(true);
  return selector_->add(spec.weight_units, analyzer.slots, spec.formats);
}

LoadBalancer::Analyzer& LoadBalancer::present(AnalyzerId id) {
  LOGDIST_CHECK(id < analyzers_.size() && !analyzers_[id].removed);
  return analyzers_[id];
}

}  // namespace logdist::dispatch
