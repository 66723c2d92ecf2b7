// What a recycled packet no longer knows, and one whose analyzer was removed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "logdist/retry/retry_state.hpp"

namespace logdist::retry {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

constexpr RetryPolicy three_rounds{.initial = 100ms, .max = 10s, .multiplier = 2, .jitter = 0, .max_rounds = 3};

class ForgetTest : public ::testing::Test {
 protected:
  void tell(AnalyzerId analyzer, Outcome outcome, const Taken& taken = {}) {
    core::AttemptResult result;
    result.outcome = outcome;
    state_.on_result(analyzer, result, taken);
  }
  bool goes_on(const RetryPolicy& policy = three_rounds) { return state_.end_round(policy, random_).has_value(); }

  Random random_{42};
  RetryState state_;
};

TEST_F(ForgetTest, ARecycledPacketMayGoAnywhereAgain) {
  state_.set_only(3);
  tell(3, Outcome::paused, {1, true, 9});
  EXPECT_THAT(state_.asked_pauses(), ElementsAre(Field(&AskedPause::serial, 9u)));
  state_.reset();
  EXPECT_EQ(state_.only(), std::nullopt);
  EXPECT_THAT(state_.asked_pauses(), IsEmpty());
}

TEST_F(ForgetTest, RoundsOfTheOneBeforeDoNotCountForARecycledPacket) {
  for (int packet = 0; packet < 3; ++packet) {
    for (std::uint64_t round = 1; round < three_rounds.max_rounds; ++round) {
      tell(0, Outcome::http_error, {round, true});
      EXPECT_TRUE(goes_on()) << packet;
    }
    state_.reset();
  }
}

TEST_F(ForgetTest, RoundsSinceARefusalOfTheOneBeforeDoNotCountForARecycledPacket) {
  for (int packet = 0; packet < 3; ++packet) {
    tell(0, Outcome::refused);
    for (std::uint32_t round = 1; round < three_rounds.max_rounds; ++round) EXPECT_TRUE(goes_on()) << packet;
    state_.reset();
  }
}

TEST_F(ForgetTest, WhoHasFailedTheOneBeforeIsMetAfresh) {
  RetryPolicy once = three_rounds;
  tell(0, Outcome::timeout, {1, false});
  EXPECT_TRUE(goes_on());
  state_.reset();
  once.max_rounds = 1;
  tell(0, Outcome::timeout, {7, false});
  EXPECT_TRUE(goes_on(once)) << "it has taken six since then, but none lately";
}

TEST_F(ForgetTest, ARoundThatDidNotCountIsNotThatOfARecycledPacket) {
  RetryPolicy once = three_rounds;
  once.max_rounds = 1;
  tell(0, Outcome::timeout, {1, false});
  state_.reset();
  tell(0, Outcome::timeout, {1, true});
  EXPECT_FALSE(goes_on(once));
}

TEST_F(ForgetTest, FailuresWithinARoundAreNotThoseOfARecycledPacket) {
  RetryPolicy once = three_rounds;
  once.max_rounds = 1;
  tell(0, Outcome::timeout, {1, true});
  state_.reset();
  EXPECT_TRUE(goes_on(once)) << "nobody was asked";
}

TEST_F(ForgetTest, APauseIsForgottenWithWhoAskedForIt) {
  tell(0, Outcome::paused, {1, true, 4});
  tell(1, Outcome::paused, {1, true, 5});
  state_.forget(0);
  EXPECT_THAT(state_.asked_pauses(), ElementsAre(Field(&AskedPause::analyzer, 1u)));
}

TEST_F(ForgetTest, TheRoundsSinceARefusalAreForgottenWithTheRefusal) {
  for (AnalyzerId refuser = 0; refuser < 3; ++refuser) {
    tell(refuser, Outcome::refused);
    for (std::uint32_t round = 1; round < three_rounds.max_rounds; ++round) EXPECT_TRUE(goes_on()) << refuser;
    state_.forget(refuser);
  }
}

}  // namespace
}  // namespace logdist::retry
