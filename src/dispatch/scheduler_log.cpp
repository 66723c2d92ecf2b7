// What the scheduler tells the log.
#include <utility>
#include <vector>

#include "dispatch/scheduler_state.hpp"
#include "logdist/dispatch/scheduler.hpp"

namespace logdist::dispatch {

std::vector<StateChange> Scheduler::take_state_changes() {
  const std::lock_guard lock(mutex_);
  return std::exchange(state_changes_, {});
}

std::vector<PauseNotice> Scheduler::take_pauses() {
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
