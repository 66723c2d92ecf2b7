// How many packets that an analyzer was asked about before are in flight: a budget for all loops together.
#include <algorithm>

#include "dispatch/load_balancer_state.hpp"

namespace logdist::dispatch {

RetryLevel LoadBalancer::retries() const {
  const MutexLock lock(state_->mutex);
  return {state_->retries.retries(), state_->retries.limit()};
}

LoopId LoadBalancer::State::next_to_retry(LoopId current) const {
  LoopId next = no_loop;
  TimePoint oldest = never;
  for (LoopId id = 0; id < loops.size(); ++id) {
    if (id == current || loops[id].retry_since >= oldest) continue;
    next = id;
    oldest = loops[id].retry_since;
  }
  return next;
}

/// As far as the budget is concerned. If not, the loop is woken when that has changed, before those with younger ones.
bool LoadBalancer::PlacementBatch::may_be_in_flight(const PacketFacts& packet, const retry::RetryState& retry_state) {
  state_.mutex.is_held();
  if (retry_state.attempts() == 0) return true;
  if (state_.retries.has_room()) {
    const LoopId other = state_.next_to_retry(loop_);
    if (other == no_loop || state_.loops[other].retry_since >= packet.admitted_at) return true;
  }
  TimePoint& since = state_.loops[loop_].retry_since;
  since = std::min(since, packet.admitted_at);
  return false;
}

}  // namespace logdist::dispatch
