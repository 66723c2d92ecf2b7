// Random results against a retry state and a second, slower opinion: the whole
// history of the packet, asked anew at each step.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "logdist/retry/retry_state.hpp"

namespace logdist::retry {
namespace {

using namespace std::chrono_literals;

struct Result {
  AnalyzerId analyzer;
  Outcome outcome;
  unsigned status;
  bool counts = true;
  Taken taken{};
  int round = 0;

  bool failed() const {
    return counts && outcome != Outcome::delivered && outcome != Outcome::refused && outcome != Outcome::paused &&
           outcome != Outcome::unsent;
  }
};

class World {
 public:
  explicit World(std::uint64_t seed)
      : random_(seed),
        analyzers_(1 + static_cast<AnalyzerId>(random_.below(5))),
        policy_{.initial = 100ms,
                .max = 10s,
                .multiplier = 2,
                .jitter = random_.below(2) == 0 ? 0 : 0.2,
                .max_rounds = 1 + static_cast<std::uint32_t>(random_.below(4))},
        mostly_5xx_(random_.below(2) == 0),
        taken_(analyzers_) {}

  /// Takes the packet to its end, or `steps` far. Returns whether it was dead-lettered.
  bool run(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      const bool end_round = everybody_asked() || random_.below(8) == 0;
      if (end_round ? end_this_round() : ask_somebody()) return dead_;
    }
    return false;
  }

 private:
  bool everybody_asked() const { return retry_state_.excluded().size() == analyzers_; }

  bool ask_somebody() {
    const auto excluded = retry_state_.excluded();
    AnalyzerId analyzer = 0;
    do analyzer = static_cast<AnalyzerId>(random_.below(analyzers_));
    while (std::find(excluded.begin(), excluded.end(), analyzer) != excluded.end());
    const Result result = draw(analyzer);
    core::AttemptResult attempt;
    attempt.outcome = result.outcome;
    attempt.status = result.status;
    attempt.counts_for_health = result.counts;
    const RetryAction next = retry_state_.on_result(analyzer, attempt, result.taken);
    if (result.outcome != Outcome::unsent) {
      this_round_.push_back(result);
      history_.push_back(result);
    }
    EXPECT_EQ(next, expected(result));
    check_always();
    dead_ = next == RetryAction::dead_letter;
    return next == RetryAction::done || next == RetryAction::dead_letter;
  }

  bool end_this_round() {
    const bool counted =
        std::any_of(this_round_.begin(), this_round_.end(), [](const Result& r) { return r.failed(); }) &&
        std::all_of(this_round_.begin(), this_round_.end(),
                    [this](const Result& r) { return !r.failed() || took_another(r); });
    rounds_counted_ += counted ? 1 : 0;
    if (refusals() > 0) ++rounds_since_refusal_;
    const auto wait = retry_state_.end_round(policy_, random_);
    dead_ = (counted && rounds_counted_ == policy_.max_rounds) || rounds_since_refusal_ == policy_.max_rounds;
    EXPECT_EQ(wait.has_value(), !dead_);
    if (dead_) return true;
    const double base = std::min(0.1 * std::pow(2.0, rounds_), 10.0);
    EXPECT_NEAR(to_seconds(*wait), base, base * policy_.jitter + 1e-9);
    ++rounds_;
    this_round_.clear();
    check_always();
    return false;
  }

  /// Asked of the whole history: the round before is the last one in which it failed anywhere.
  bool took_another(const Result& now) const {
    int round_before = -1;
    for (const Result& result : history_) {
      if (result.failed() && result.round < now.round) round_before = std::max(round_before, result.round);
    }
    for (const Result& result : history_) {
      const bool there = result.failed() && result.round == round_before && result.analyzer == now.analyzer;
      if (there) return now.taken.packets > result.taken.packets;
    }
    return now.taken.lately;
  }

  Result draw(AnalyzerId analyzer) {
    if (random_.below(2) == 0) ++taken_[analyzer];
    Result result = draw_outcome(analyzer);
    result.taken = {taken_[analyzer], random_.below(2) == 0};
    result.counts = random_.below(8) != 0;
    result.round = rounds_;
    return result;
  }

  Result draw_outcome(AnalyzerId analyzer) {
    if (mostly_5xx_ && random_.below(20) != 0) return {analyzer, Outcome::http_error, 500};
    const auto outcome = static_cast<Outcome>(random_.below(outcome_count));
    if (outcome == Outcome::delivered && random_.below(4) != 0) return {analyzer, Outcome::unsent, 0};
    const unsigned status = outcome == Outcome::http_error ? (random_.below(2) == 0 ? 500u : 404u) : 0u;
    return {analyzer, outcome, status};
  }

  std::size_t refusals() const {
    return static_cast<std::size_t>(std::count_if(
        history_.begin(), history_.end(), [](const Result& result) { return result.outcome == Outcome::refused; }));
  }

  RetryAction expected(const Result& result) const {
    if (result.outcome == Outcome::unsent) return RetryAction::again;
    if (result.outcome == Outcome::delivered) return RetryAction::done;
    return refusals() == 2 ? RetryAction::dead_letter : RetryAction::other;
  }

  void check_always() const {
    std::set<AnalyzerId> excluded;
    bool ambiguous = false;
    for (const Result& result : history_) {
      if (result.outcome == Outcome::refused && excluded.empty()) excluded.insert(result.analyzer);
      ambiguous = ambiguous || is_ambiguous(result.outcome);
    }
    for (const Result& result : this_round_) excluded.insert(result.analyzer);
    const std::set<AnalyzerId> got(retry_state_.excluded().begin(), retry_state_.excluded().end());
    if (history_.empty() || (history_.back().outcome != Outcome::delivered && refusals() < 2)) {
      EXPECT_EQ(got, excluded);
      EXPECT_EQ(got.size(), retry_state_.excluded().size()) << "nobody twice";
    }
    EXPECT_EQ(retry_state_.refused_once(), refusals() > 0);
    EXPECT_EQ(retry_state_.attempts(), history_.size());
    EXPECT_EQ(retry_state_.may_be_duplicate(), ambiguous);
    EXPECT_EQ(retry_state_.suspect(),
              std::any_of(history_.begin(), history_.end(), [](const Result& r) { return r.failed(); }));
  }

  Random random_;
  const AnalyzerId analyzers_;
  const RetryPolicy policy_;
  const bool mostly_5xx_;
  std::vector<std::uint64_t> taken_;  ///< by analyzer
  RetryState retry_state_;
  std::vector<Result> history_;
  std::vector<Result> this_round_;
  int rounds_ = 0;
  std::uint32_t rounds_counted_ = 0;
  std::uint32_t rounds_since_refusal_ = 0;
  bool dead_ = false;
};

TEST(RetryStateProperty, AgreesWithItsHistory) {
  int dead = 0;
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    dead += World(seed).run(200) ? 1 : 0;
    if (HasFailure()) return;
  }
  EXPECT_GT(dead, 500) << "too few packets met their end to show anything";
}

}  // namespace
}  // namespace logdist::retry
