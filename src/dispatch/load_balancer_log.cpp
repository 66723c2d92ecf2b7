// What the load balancer tells the log.
#include <utility>
#include <vector>

#include "dispatch/load_balancer_state.hpp"
#include "logdist/dispatch/load_balancer.hpp"

namespace logdist::dispatch {

std::vector<StateChange> LoadBalancer::take_state_changes() {
  const std::lock_guard lock(mutex_);
  return std::exchange(state_changes_, {});
}

std::vector<PauseNotice> LoadBalancer::take_pauses() {
  const std::lock_guard lock(mutex_);
  std::vector<PauseNotice> notices;
  for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
    PauseNotice& unseen = analyzers_[id].unseen_pauses;
    if (unseen.pauses == 0) continue;
    notices.push_back(unseen);
    notices.back().analyzer = id;
    unseen.pauses = 0;
  }
  return notices;
}

}  // namespace logdist::dispatch
