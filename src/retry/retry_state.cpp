#include "logdist/retry/retry_state.hpp"

#include "logdist/base/backoff.hpp"

namespace logdist::retry {

void RetryState::reset() {
  excluded_.clear();
  attempts_ = 0;
  rounds_ = 0;
  rounds_answered_ = 0;
  rounds_since_refusal_ = 0;
  refused_ = false;
  round_answered_ = true;
  may_be_duplicate_ = false;
}

RetryAction RetryState::on_result(AnalyzerId analyzer, Outcome outcome, unsigned status) {
  if (outcome == Outcome::unsent) return RetryAction::again;
  ++attempts_;
  if (outcome == Outcome::delivered) return RetryAction::done;
  may_be_duplicate_ = may_be_duplicate_ || is_ambiguous(outcome);

  const bool answered_5xx = outcome == Outcome::http_error && status >= 500 && status <= 599;
  round_answered_ = round_answered_ && answered_5xx;
  if (outcome != Outcome::refused) {
    excluded_.push_back(analyzer);
    return RetryAction::other;
  }
  if (refused_) return RetryAction::dead_letter;
  refused_ = true;
  excluded_.insert(excluded_.begin(), analyzer);
  return RetryAction::other;
}

std::optional<Duration> RetryState::end_round(const RetryPolicy& policy, Random& random) {
  const std::size_t kept = refused_ ? 1 : 0;
  const bool somebody_asked = excluded_.size() > kept;
  if (somebody_asked && round_answered_ && ++rounds_answered_ >= policy.max_rounds) return std::nullopt;
  if (refused_ && ++rounds_since_refusal_ >= policy.max_rounds) return std::nullopt;
  excluded_.resize(kept);
  round_answered_ = true;
  const Backoff backoff{policy.initial, policy.max, policy.multiplier, policy.jitter};
  return backoff.wait(rounds_++, random);
}

}  // namespace logdist::retry
