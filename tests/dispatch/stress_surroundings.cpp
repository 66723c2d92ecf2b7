#include "tests/dispatch/stress_surroundings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/asio/post.hpp>

namespace logdist::dispatch {

using core::Attempt;
using core::AttemptResult;
using std::chrono::milliseconds;

namespace {

AttemptResult result_of(Outcome outcome, unsigned status = 0) {
  AttemptResult result;
  result.outcome = outcome;
  result.status = status;
  return result;
}

}  // namespace

void StressGround::expect_within_bounds() const {
  EXPECT_LE(bounds.packets(), bounds.max_packets());
  EXPECT_LE(bounds.bytes(), bounds.max_bytes());
  // One body of unknown length may go beyond, so that two never wait for each other.
  EXPECT_LE(bodies.held_bytes(), bodies.max_bytes() + body_bytes_max);
}

void StressUpstream::send(Attempt& attempt, TimePoint) {
  EXPECT_LT(ground_.analyzers[attempt.analyzer].under_way++, StressAnalyzer::slots_max);
  unwritten_.push_back(&attempt);
}

void StressUpstream::flush(TimePoint) {
  const auto kept = unwritten_.begin() + static_cast<std::ptrdiff_t>(random_.below(unwritten_.size() + 1));
  written_.insert(written_.end(), kept, unwritten_.end());
  unwritten_.erase(kept, unwritten_.end());
  answer_soon();
}

void StressUpstream::recall(AnalyzerId analyzer, TimePoint) {
  const auto theirs = std::stable_partition(unwritten_.begin(), unwritten_.end(),
                                            [&](const Attempt* attempt) { return attempt->analyzer != analyzer; });
  const std::vector<Attempt*> recalled(theirs, unwritten_.end());
  unwritten_.erase(theirs, unwritten_.end());
  recalled_ += recalled.size();
  for (Attempt* attempt : recalled) end(*attempt, {});
}

void StressUpstream::shutdown(TimePoint) {
  for (Attempt* attempt : std::exchange(unwritten_, {})) end(*attempt, {});
  for (Attempt* attempt : std::exchange(written_, {})) end(*attempt, result_of(Outcome::connection_broken));
}

void StressUpstream::allow(std::size_t attempts) {
  allowed_ = attempts;
  answer_soon();
}

void StressUpstream::answer_soon() {
  if (answering_ || allowed_ == 0 || (written_.empty() && unwritten_.empty())) return;
  answering_ = true;
  boost::asio::post(io_, [this] { answer_some(); });
}

void StressUpstream::answer_some() {
  answering_ = false;
  if (written_.empty()) written_.swap(unwritten_);
  for (std::uint64_t many = 1 + random_.below(4); many > 0 && allowed_ > 0 && !written_.empty(); --many, --allowed_) {
    std::swap(written_[random_.below(written_.size())], written_.back());
    Attempt& attempt = *written_.back();
    written_.pop_back();
    end(attempt, draw_result(ground_.analyzers[attempt.analyzer].fault_mode));
  }
  answer_soon();
}

AttemptResult StressUpstream::draw_result(FaultMode fault_mode) {
  if (fault_mode == FaultMode::mixed) fault_mode = static_cast<FaultMode>(random_.below(fault_mode_count - 1));
  switch (fault_mode) {
    case FaultMode::failing: return result_of(Outcome::http_error, 500);
    case FaultMode::refusing: return result_of(Outcome::refused, 422);
    case FaultMode::pausing: {
      AttemptResult result = result_of(Outcome::paused, 429);
      if (random_.below(2) == 0) result.pause = milliseconds(random_.below(50));
      return result;
    }
    case FaultMode::breaking: {
      constexpr Outcome outcomes[] = {Outcome::timeout, Outcome::connect_error, Outcome::connection_broken,
                                      Outcome::protocol_error};
      AttemptResult result = result_of(outcomes[random_.below(std::size(outcomes))]);
      result.counts_for_health = random_.below(3) > 0;
      return result;
    }
    default: return result_of(Outcome::delivered, 200);
  }
}

void StressUpstream::end(Attempt& attempt, const AttemptResult& result) {
  --ground_.analyzers[attempt.analyzer].under_way;
  listener_->attempt_ended(attempt, result, ground_.clock.now());
}

}  // namespace logdist::dispatch
