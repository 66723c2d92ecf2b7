#include "logdist/retry/retry_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <ostream>
#include <string>

namespace logdist::retry {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr RetryPolicy steady{.initial = 100ms, .max = 10s, .multiplier = 2, .jitter = 0, .max_rounds = 3};

class RetryStateTest : public ::testing::Test {
 protected:
  std::optional<Duration> end_round() { return retry_state_.end_round(steady, random_); }

  /// The analyzer has taken another packet since it was last asked, unless it is in an outage.
  RetryAction tell(AnalyzerId analyzer, Outcome outcome, unsigned status = 0, bool counts = true) {
    core::AttemptResult result;
    result.outcome = outcome;
    result.status = status;
    result.counts_for_health = counts;
    std::uint64_t& taken = taken_[analyzer];
    if (!outage_) ++taken;
    return retry_state_.on_result(analyzer, result, {taken, !outage_});
  }

  Random random_{42};
  RetryState retry_state_;
  std::map<AnalyzerId, std::uint64_t> taken_;
  bool outage_ = false;  ///< nobody takes anything
};

TEST_F(RetryStateTest, DeliveredIsDone) {
  EXPECT_EQ(tell(0, Outcome::delivered, 202), RetryAction::done);
  EXPECT_EQ(retry_state_.attempts(), 1u);
  EXPECT_FALSE(retry_state_.may_be_duplicate());
}

TEST_F(RetryStateTest, AFailureAsksAnotherInTheSameRound) {
  EXPECT_EQ(tell(2, Outcome::http_error, 500), RetryAction::other);
  EXPECT_EQ(tell(0, Outcome::connect_error, 0), RetryAction::other);
  EXPECT_THAT(retry_state_.excluded(), ElementsAre(2, 0));
  EXPECT_EQ(end_round(), 100ms);
  EXPECT_THAT(retry_state_.excluded(), IsEmpty());
}

/// Another may have broken it. From then on it is alone, and it shows.
TEST_F(RetryStateTest, ARoundDoesNotCountWhenAConnectionBrokeUnderSeveral) {
  RetryPolicy once = steady;
  once.max_rounds = 1;
  core::AttemptResult broken;
  broken.outcome = Outcome::connection_broken;
  broken.in_company = true;
  EXPECT_EQ(retry_state_.on_result(0, broken, {1, true}), RetryAction::other);
  EXPECT_TRUE(retry_state_.suspect());
  EXPECT_TRUE(retry_state_.alone());
  EXPECT_EQ(retry_state_.end_round(once, random_), 100ms);
  broken.in_company = false;
  EXPECT_EQ(retry_state_.on_result(0, broken, {2, true}), RetryAction::other);
  EXPECT_EQ(retry_state_.end_round(once, random_), std::nullopt);
}

TEST_F(RetryStateTest, OneThatIsForgottenMayBeAskedInTheSameRound) {
  tell(2, Outcome::http_error, 500);
  tell(0, Outcome::connect_error);
  retry_state_.forget(2);
  EXPECT_THAT(retry_state_.excluded(), ElementsAre(0));
  EXPECT_TRUE(retry_state_.suspect()) << "it has failed all the same";
}

TEST_F(RetryStateTest, WhatAForgottenOneHasTakenSaysNothingOfItsSuccessor) {
  outage_ = true;
  tell(0, Outcome::http_error, 500);
  end_round();
  retry_state_.forget(0);
  RetryPolicy once = steady;
  once.max_rounds = 1;
  core::AttemptResult failed;
  failed.outcome = Outcome::timeout;
  // Its successor took nothing lately: were it the same one, it would have taken seven since.
  retry_state_.on_result(0, failed, {7, false});
  EXPECT_NE(retry_state_.end_round(once, random_), std::nullopt);
}

TEST_F(RetryStateTest, TheRefusalOfAForgottenOneIsForgotten) {
  tell(1, Outcome::refused, 400);
  tell(0, Outcome::http_error, 500);
  retry_state_.forget(1);
  EXPECT_FALSE(retry_state_.refused_once());
  EXPECT_THAT(retry_state_.excluded(), ElementsAre(0));
  end_round();
  EXPECT_THAT(retry_state_.excluded(), IsEmpty());
  EXPECT_EQ(tell(1, Outcome::refused, 400), RetryAction::other);
  retry_state_.forget(0);
  EXPECT_TRUE(retry_state_.refused_once()) << "another's stays";
  EXPECT_EQ(tell(2, Outcome::refused, 400), RetryAction::dead_letter);
}

TEST_F(RetryStateTest, UnsentLeavesNoTrace) {
  EXPECT_EQ(tell(1, Outcome::unsent, 0), RetryAction::again);
  EXPECT_THAT(retry_state_.excluded(), IsEmpty());
  EXPECT_EQ(retry_state_.attempts(), 0u);
}

TEST_F(RetryStateTest, TheSecondRefusalIsTheLast) {
  EXPECT_EQ(tell(0, Outcome::http_error, 500), RetryAction::other);
  EXPECT_EQ(tell(1, Outcome::refused, 422), RetryAction::other);
  EXPECT_TRUE(retry_state_.refused_once());
  EXPECT_THAT(retry_state_.excluded(), ElementsAre(1, 0));
  EXPECT_EQ(tell(2, Outcome::refused, 400), RetryAction::dead_letter);
}

TEST_F(RetryStateTest, TheRefuserIsNeverAskedAgain) {
  tell(1, Outcome::refused, 400);
  for (std::uint32_t round = 1; round < steady.max_rounds; ++round) {
    tell(0, Outcome::timeout, 0);
    EXPECT_THAT(retry_state_.excluded(), ElementsAre(1, 0));
    EXPECT_TRUE(end_round());
    EXPECT_THAT(retry_state_.excluded(), ElementsAre(1));
  }
  EXPECT_EQ(tell(0, Outcome::refused, 400), RetryAction::dead_letter);
}

TEST_F(RetryStateTest, WaitsGrowToTheMaximum) {
  for (const Duration wait : {100ms, 200ms, 400ms, 800ms, 1'600ms, 3'200ms, 6'400ms, 10'000ms, 10'000ms}) {
    EXPECT_EQ(end_round(), wait);
  }
}

TEST_F(RetryStateTest, WaitsAreSpreadByTheJitter) {
  RetryPolicy policy = steady;
  policy.jitter = 0.2;
  policy.max = policy.initial;
  Duration least = Duration::max();
  Duration most{};
  for (int i = 0; i < 1'000; ++i) {
    const Duration wait = retry_state_.end_round(policy, random_).value();
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_GE(least, 80ms);
  EXPECT_LT(least, 82ms);
  EXPECT_GT(most, 118ms);
  EXPECT_LE(most, 120ms);
}

struct Other {
  Outcome outcome;
  unsigned status;

  std::string name() const { return to_string(outcome) + (status == 0 ? "" : "_" + std::to_string(status)); }
};

void PrintTo(const Other& other, std::ostream* out) { *out << other.name(); }

class EachFailure : public RetryStateTest, public ::testing::WithParamInterface<Other> {
 protected:
  RetryAction fail(AnalyzerId analyzer) { return tell(analyzer, GetParam().outcome, GetParam().status); }
};

TEST_P(EachFailure, InMaxRoundsAtAnalyzersThatTakeOthersMakesPoison) {
  for (int round = 1; round <= 3; ++round) {
    fail(0);
    fail(1);
    EXPECT_EQ(end_round().has_value(), round < 3) << round;
  }
}

TEST_P(EachFailure, InAnOutagePoisonsNobody) {
  outage_ = true;
  for (int round = 0; round < 100; ++round) {
    fail(0);
    fail(1);
    ASSERT_TRUE(end_round()) << round;
  }
}

TEST_P(EachFailure, AtOneThatTakesNothingMakesTheRoundCountForNothing) {
  for (int round = 0; round < 100; ++round) {
    outage_ = false;
    fail(0);
    outage_ = true;
    fail(1);
    ASSERT_TRUE(end_round()) << round;
  }
}

TEST_P(EachFailure, MakesThePacketSuspectAndKeepsItAlone) {
  EXPECT_FALSE(retry_state_.suspect());
  EXPECT_FALSE(retry_state_.alone());
  fail(0);
  EXPECT_TRUE(retry_state_.suspect());
  EXPECT_TRUE(retry_state_.alone());
}

INSTANTIATE_TEST_SUITE_P(RetryState, EachFailure,
                         ::testing::Values(Other{Outcome::http_error, 500}, Other{Outcome::http_error, 599},
                                           Other{Outcome::http_error, 302}, Other{Outcome::http_error, 403},
                                           Other{Outcome::timeout, 0}, Other{Outcome::connect_error, 0},
                                           Other{Outcome::connection_broken, 0}, Other{Outcome::protocol_error, 0}),
                         [](const auto& one) { return one.param.name(); });

TEST_F(RetryStateTest, ABreakThatAnotherPacketCausedIsNotItsFailure) {
  for (int round = 0; round < 100; ++round) {
    tell(0, Outcome::connection_broken, 0, false);
    tell(1, Outcome::connection_broken, 0, false);
    EXPECT_THAT(retry_state_.excluded(), ElementsAre(0, 1)) << "it goes elsewhere";
    ASSERT_TRUE(end_round()) << round;
  }
  EXPECT_FALSE(retry_state_.suspect());
  EXPECT_TRUE(retry_state_.alone()) << "until it is known what broke the connection";
}

TEST_F(RetryStateTest, PausesAndRefusalsSayNothingOfTheRound) {
  for (int round = 1; round <= 3; ++round) {
    tell(0, Outcome::http_error, 500);
    outage_ = true;
    tell(1, Outcome::paused, 429);
    outage_ = false;
    EXPECT_EQ(end_round().has_value(), round < 3) << round;
  }
  retry_state_.reset();
  for (int round = 0; round < 20; ++round) {
    tell(0, Outcome::paused, 429);
    EXPECT_TRUE(end_round());
    EXPECT_FALSE(retry_state_.suspect());
  }
}

TEST_F(RetryStateTest, TheFirstTimeAtAnAnalyzerCountsWhatItTookLately) {
  RetryPolicy once = steady;
  once.max_rounds = 1;
  core::AttemptResult failure;
  failure.outcome = Outcome::timeout;
  retry_state_.on_result(0, failure, {1'000, false});
  EXPECT_TRUE(retry_state_.end_round(once, random_)) << "it took a thousand, but long ago";
  retry_state_.on_result(1, failure, {7, true});
  EXPECT_FALSE(retry_state_.end_round(once, random_)) << "it takes others just now";
}

TEST_F(RetryStateTest, WhatIsTakenWithinTheSameRoundIsForTheNextOne) {
  core::AttemptResult failure;
  failure.outcome = Outcome::timeout;
  const auto round = [&](std::uint64_t taken) {
    retry_state_.on_result(0, failure, {taken, true});
    return end_round().has_value();
  };
  EXPECT_TRUE(round(5));   // counts: lately
  EXPECT_TRUE(round(5));   // took nothing since
  EXPECT_TRUE(round(6));   // counts
  EXPECT_TRUE(round(6));   // took nothing since
  EXPECT_FALSE(round(7));  // the third
}

TEST_F(RetryStateTest, ARoundInWhichNobodyWasAskedCountsForNothing) {
  for (int round = 0; round < 20; ++round) EXPECT_TRUE(end_round());
}

TEST_F(RetryStateTest, ASecondOpinionIsWaitedForWithinMaxRounds) {
  for (int round = 0; round < 20; ++round) EXPECT_TRUE(end_round());
  tell(0, Outcome::refused, 400);
  for (std::uint32_t round = 1; round < steady.max_rounds; ++round) EXPECT_TRUE(end_round()) << round;
  EXPECT_FALSE(end_round()) << "nobody could be heard about it";
}

TEST_F(RetryStateTest, AnOutageBetweenRoundsThatCountDoesNotForgetThem) {
  for (int round = 1; round <= 3; ++round) {
    outage_ = true;
    tell(0, Outcome::timeout, 0);
    EXPECT_TRUE(end_round());
    outage_ = false;
    tell(0, Outcome::http_error, 500);
    EXPECT_EQ(end_round().has_value(), round < 3) << round;
  }
}

TEST_F(RetryStateTest, RemembersThatTheAnalyzerMayHaveTakenIt) {
  tell(0, Outcome::connect_error, 0);
  tell(1, Outcome::http_error, 500);
  EXPECT_FALSE(retry_state_.may_be_duplicate());
  tell(2, Outcome::timeout, 0);
  end_round();
  tell(0, Outcome::http_error, 500);
  EXPECT_TRUE(retry_state_.may_be_duplicate());
}

TEST_F(RetryStateTest, AnyWholeAnswerIsAnAnswer) {
  tell(0, Outcome::timeout);
  tell(1, Outcome::unsent);
  EXPECT_FALSE(retry_state_.answered());
  tell(1, Outcome::paused, 429);
  EXPECT_TRUE(retry_state_.answered());
}

TEST_F(RetryStateTest, ResetForgetsEverything) {
  tell(0, Outcome::refused, 400);
  tell(1, Outcome::timeout, 0);
  end_round();
  retry_state_.reset();
  EXPECT_THAT(retry_state_.excluded(), IsEmpty());
  EXPECT_FALSE(retry_state_.refused_once());
  EXPECT_FALSE(retry_state_.may_be_duplicate());
  EXPECT_FALSE(retry_state_.suspect());
  EXPECT_FALSE(retry_state_.alone());
  EXPECT_FALSE(retry_state_.answered());
  EXPECT_EQ(retry_state_.attempts(), 0u);
  EXPECT_EQ(end_round(), 100ms);
}

}  // namespace
}  // namespace logdist::retry
