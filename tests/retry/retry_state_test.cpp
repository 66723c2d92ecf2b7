#include "logdist/retry/retry_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

  Random random_{42};
  RetryState retry_state_;
};

TEST_F(RetryStateTest, DeliveredIsDone) {
  EXPECT_EQ(retry_state_.on_result(0, Outcome::delivered, 202), RetryAction::done);
  EXPECT_EQ(retry_state_.attempts(), 1u);
  EXPECT_FALSE(retry_state_.may_be_duplicate());
}

TEST_F(RetryStateTest, AFailureAsksAnotherInTheSameRound) {
  EXPECT_EQ(retry_state_.on_result(2, Outcome::http_error, 500), RetryAction::other);
  EXPECT_EQ(retry_state_.on_result(0, Outcome::connect_error, 0), RetryAction::other);
  EXPECT_THAT(retry_state_.excluded(), ElementsAre(2, 0));
  EXPECT_EQ(end_round(), 100ms);
  EXPECT_THAT(retry_state_.excluded(), IsEmpty());
}

TEST_F(RetryStateTest, UnsentLeavesNoTrace) {
  EXPECT_EQ(retry_state_.on_result(1, Outcome::unsent, 0), RetryAction::again);
  EXPECT_THAT(retry_state_.excluded(), IsEmpty());
  EXPECT_EQ(retry_state_.attempts(), 0u);
}

TEST_F(RetryStateTest, TheSecondRefusalIsTheLast) {
  EXPECT_EQ(retry_state_.on_result(0, Outcome::http_error, 500), RetryAction::other);
  EXPECT_EQ(retry_state_.on_result(1, Outcome::refused, 422), RetryAction::other);
  EXPECT_TRUE(retry_state_.refused_once());
  EXPECT_THAT(retry_state_.excluded(), ElementsAre(1, 0));
  EXPECT_EQ(retry_state_.on_result(2, Outcome::refused, 400), RetryAction::dead_letter);
}

TEST_F(RetryStateTest, TheRefuserIsNeverAskedAgain) {
  retry_state_.on_result(1, Outcome::refused, 400);
  for (std::uint32_t round = 1; round < steady.max_rounds; ++round) {
    retry_state_.on_result(0, Outcome::timeout, 0);
    EXPECT_THAT(retry_state_.excluded(), ElementsAre(1, 0));
    EXPECT_TRUE(end_round());
    EXPECT_THAT(retry_state_.excluded(), ElementsAre(1));
  }
  EXPECT_EQ(retry_state_.on_result(0, Outcome::refused, 400), RetryAction::dead_letter);
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

TEST_F(RetryStateTest, RoundsAnswered5xxByAllMakePoison) {
  for (int round = 1; round <= 3; ++round) {
    retry_state_.on_result(0, Outcome::http_error, 500);
    retry_state_.on_result(1, Outcome::http_error, 599);
    EXPECT_EQ(end_round().has_value(), round < 3) << round;
  }
}

struct Other {
  Outcome outcome;
  unsigned status;

  std::string name() const { return to_string(outcome) + (status == 0 ? "" : "_" + std::to_string(status)); }
};

void PrintTo(const Other& other, std::ostream* out) { *out << other.name(); }

class NotAnswered : public ::testing::TestWithParam<Other> {};

TEST_P(NotAnswered, MakesTheRoundCountForNothing) {
  Random random(1);
  RetryState retry_state;
  for (int round = 0; round < 20; ++round) {
    retry_state.on_result(0, Outcome::http_error, 500);
    retry_state.on_result(1, GetParam().outcome, GetParam().status);
    retry_state.on_result(2, Outcome::http_error, 503);
    ASSERT_TRUE(retry_state.end_round(steady, random)) << round;
  }
}

INSTANTIATE_TEST_SUITE_P(RetryState, NotAnswered,
                         ::testing::Values(Other{Outcome::paused, 429}, Other{Outcome::paused, 503},
                                           Other{Outcome::timeout, 0}, Other{Outcome::connect_error, 0},
                                           Other{Outcome::connection_broken, 0}, Other{Outcome::protocol_error, 0},
                                           Other{Outcome::http_error, 302}, Other{Outcome::http_error, 404}),
                         [](const auto& one) { return one.param.name(); });

TEST_F(RetryStateTest, ARoundInWhichNobodyWasAskedCountsForNothing) {
  for (int round = 0; round < 20; ++round) EXPECT_TRUE(end_round());
}

TEST_F(RetryStateTest, ASecondOpinionIsWaitedForWithinMaxRounds) {
  for (int round = 0; round < 20; ++round) EXPECT_TRUE(end_round());
  retry_state_.on_result(0, Outcome::refused, 400);
  for (std::uint32_t round = 1; round < steady.max_rounds; ++round) EXPECT_TRUE(end_round()) << round;
  EXPECT_FALSE(end_round()) << "nobody could be heard about it";
}

TEST_F(RetryStateTest, SilenceBetweenAnsweredRoundsDoesNotForgetThem) {
  for (int round = 1; round <= 3; ++round) {
    retry_state_.on_result(0, Outcome::timeout, 0);
    EXPECT_TRUE(end_round());
    retry_state_.on_result(0, Outcome::http_error, 500);
    EXPECT_EQ(end_round().has_value(), round < 3) << round;
  }
}

TEST_F(RetryStateTest, RemembersThatTheAnalyzerMayHaveTakenIt) {
  retry_state_.on_result(0, Outcome::connect_error, 0);
  retry_state_.on_result(1, Outcome::http_error, 500);
  EXPECT_FALSE(retry_state_.may_be_duplicate());
  retry_state_.on_result(2, Outcome::timeout, 0);
  end_round();
  retry_state_.on_result(0, Outcome::http_error, 500);
  EXPECT_TRUE(retry_state_.may_be_duplicate());
}

TEST_F(RetryStateTest, ResetForgetsEverything) {
  retry_state_.on_result(0, Outcome::refused, 400);
  retry_state_.on_result(1, Outcome::timeout, 0);
  end_round();
  retry_state_.reset();
  EXPECT_THAT(retry_state_.excluded(), IsEmpty());
  EXPECT_FALSE(retry_state_.refused_once());
  EXPECT_FALSE(retry_state_.may_be_duplicate());
  EXPECT_EQ(retry_state_.attempts(), 0u);
  EXPECT_EQ(end_round(), 100ms);
}

}  // namespace
}  // namespace logdist::retry
