// What the scheduler tells the log.
#include <string>
#include <utility>
#include <vector>

#include "dispatch/scheduler_state.hpp"
#include "logdist/dispatch/scheduler.hpp"

namespace logdist::dispatch {

Scheduler::Cause Scheduler::Cause::of(const delivery::AttemptResult& result) {
  switch (result.outcome) {
    case Outcome::http_error: return {"", result.status};
    case Outcome::timeout: return {"no answer in time"};
    case Outcome::connect_error: return {"no connection"};
    case Outcome::connection_broken: return {"connection broken"};
    case Outcome::protocol_error: return {"broken HTTP"};
    default: return {to_string(result.outcome)};
  }
}

std::string Scheduler::Cause::in_words(health::State from, health::State to, std::uint32_t failure_threshold) const {
  const std::string what = status != 0 ? "HTTP " + std::to_string(status) : text;
  if (to != health::State::failed) return what;
  if (from == health::State::testing) return "its test failed: " + what;
  if (failure_threshold == 1) return what;
  return std::to_string(failure_threshold) + " failures in a row, last: " + what;
}

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
