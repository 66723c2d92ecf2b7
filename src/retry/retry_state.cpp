#include "logdist/retry/retry_state.hpp"

#include <algorithm>
#include <utility>

#include "logdist/base/backoff.hpp"
#include "logdist/retry/classify.hpp"

namespace logdist::retry {

void RetryState::reset() {
  excluded_.clear();
  failed_before_.clear();
  failed_now_.clear();
  asked_pauses_.clear();
  only_.reset();
  attempts_ = 0;
  rounds_ = 0;
  rounds_counted_ = 0;
  rounds_since_refusal_ = 0;
  refused_ = false;
  suspect_ = false;
  alone_ = false;
  answered_ = false;
  round_counts_ = true;
  may_be_duplicate_ = false;
}

RetryAction RetryState::on_result(AnalyzerId analyzer, const core::AttemptResult& result, const Taken& taken) {
  if (result.outcome == Outcome::unsent) return RetryAction::again;
  ++attempts_;
  if (result.outcome == Outcome::delivered) return RetryAction::done;
  answered_ = answered_ || result.status != 0;
  may_be_duplicate_ = may_be_duplicate_ || is_ambiguous(result.outcome);

  if (is_analyzer_failure(result.outcome)) {
    alone_ = true;
    if (result.counts_for_health) {
      suspect_ = true;
      round_counts_ = round_counts_ && !result.in_company && takes_others(analyzer, taken);
      failed_now_.push_back({analyzer, taken.packets});
    }
  }
  if (result.outcome == Outcome::paused) note_pause(analyzer, taken);
  if (result.outcome != Outcome::refused) {
    excluded_.push_back(analyzer);
    return RetryAction::other;
  }
  if (refused_) return RetryAction::dead_letter;
  refused_ = true;
  excluded_.insert(excluded_.begin(), analyzer);
  return RetryAction::other;
}

void RetryState::note_pause(AnalyzerId analyzer, const Taken& taken) {
  const auto before = std::ranges::find(asked_pauses_, analyzer, &AskedPause::analyzer);
  AskedPause& pause = before != asked_pauses_.end() ? *before : asked_pauses_.emplace_back();
  pause = {analyzer, taken.pause, taken.packets};
}

void RetryState::forget(AnalyzerId analyzer) {
  const bool has_refused = refused_ && excluded_.front() == analyzer;
  excluded_.erase(std::remove(excluded_.begin(), excluded_.end(), analyzer), excluded_.end());
  for (Failures* failures : {&failed_before_, &failed_now_}) {
    const auto is_of = [analyzer](const Failed& failed) { return failed.analyzer == analyzer; };
    failures->erase(std::remove_if(failures->begin(), failures->end(), is_of), failures->end());
  }
  const auto asked = std::ranges::find(asked_pauses_, analyzer, &AskedPause::analyzer);
  if (asked != asked_pauses_.end()) asked_pauses_.erase(asked);
  if (!has_refused) return;
  refused_ = false;
  rounds_since_refusal_ = 0;
}

bool RetryState::takes_others(AnalyzerId analyzer, const Taken& taken) const {
  const auto before = std::ranges::find(failed_before_, analyzer, &Failed::analyzer);
  return before == failed_before_.end() ? taken.lately : taken.packets > before->taken;
}

std::optional<Duration> RetryState::end_round(const RetryPolicy& policy, Random& random) {
  if (!failed_now_.empty()) {
    if (round_counts_ && ++rounds_counted_ >= policy.max_rounds) return std::nullopt;
    std::swap(failed_before_, failed_now_);
    failed_now_.clear();
  }
  if (refused_ && ++rounds_since_refusal_ >= policy.max_rounds) return std::nullopt;
  excluded_.resize(refused_ ? 1 : 0);
  round_counts_ = true;
  const Backoff backoff{policy.initial, policy.max, policy.multiplier, policy.jitter};
  return backoff.wait(rounds_++, random);
}

}  // namespace logdist::retry
