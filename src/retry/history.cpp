#include "logdist/retry/history.hpp"

#include <algorithm>

namespace logdist::retry {

void History::record(AnalyzerId analyzer, const core::AttemptResult& result, TimePoint now) {
  if (result.outcome == Outcome::delivered || result.outcome == Outcome::unsent) return;
  const auto before = std::find_if(failed_.begin(), failed_.end(),
                                   [analyzer](const FailedAttempt& attempt) { return attempt.analyzer == analyzer; });
  if (before != failed_.end()) {
    failed_.erase(before);
  } else if (failed_.size() == analyzers_max) {
    failed_.erase(failed_.begin());
  }
  failed_.push_back({analyzer, result.outcome, result.status, result.error, now});
}

void History::forget(AnalyzerId analyzer) {
  std::erase_if(failed_, [analyzer](const FailedAttempt& attempt) { return attempt.analyzer == analyzer; });
}

void History::reset() {
  if (failed_.capacity() > 0) failed_ = {};
}

}  // namespace logdist::retry
