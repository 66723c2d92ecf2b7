// What the load balancer tells the log.
#include <utility>
#include <vector>

#include "dispatch/load_balancer_state.hpp"
#include "logdist/dispatch/load_balancer.hpp"

namespace logdist::dispatch {

std::vector<StateChange> LoadBalancer::take_state_changes() {
  const MutexLock lock(state_->mutex);
  return std::exchange(state_->state_changes, {});
}

std::vector<PauseNotice> LoadBalancer::take_pauses() {
  const MutexLock lock(state_->mutex);
  std::vector<PauseNotice> notices;
  for (AnalyzerId id = 0; id < state_->analyzers.size(); ++id) {
    PauseNotice& unseen = state_->analyzers[id].unseen_pauses;
    if (unseen.pauses == 0) continue;
    notices.push_back(unseen);
    notices.back().analyzer = id;
    unseen.pauses = 0;
  }
  return notices;
}

}  // namespace logdist::dispatch
