// What is kept of a packet's failed attempts.
#include "logdist/retry/history.hpp"

#include <gmock/gmock.h>

namespace logdist::retry {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;

core::AttemptResult result(Outcome outcome, unsigned status = 0) {
  core::AttemptResult made;
  made.outcome = outcome;
  made.status = status;
  return made;
}

TEST(History, KeepsTheLastFailureOfEachAnalyzerTheNewestAtTheEnd) {
  const TimePoint start{};
  History history;
  history.record(0, result(Outcome::http_error, 500), start);
  history.record(1, result(Outcome::timeout), start + 1s);
  history.record(0, result(Outcome::http_error, 503), start + 2s);
  ASSERT_THAT(history.failed(), SizeIs(2));
  EXPECT_EQ(history.failed()[0].analyzer, 1u);
  EXPECT_EQ(history.failed()[0].outcome, Outcome::timeout);
  EXPECT_EQ(history.failed()[0].at, start + 1s);
  EXPECT_EQ(history.failed()[1].analyzer, 0u);
  EXPECT_EQ(history.failed()[1].status, 503u) << "the last answer, not the first";
  EXPECT_EQ(history.failed()[1].at, start + 2s);
}

TEST(History, WhatIsDeliveredOrWasNeverSentIsNoFailure) {
  History history;
  history.record(0, result(Outcome::delivered, 200), {});
  history.record(1, result(Outcome::unsent), {});
  EXPECT_THAT(history.failed(), IsEmpty());
  history.record(2, result(Outcome::paused, 429), {});
  history.record(3, result(Outcome::refused, 400), {});
  EXPECT_THAT(history.failed(), ElementsAre(Field(&FailedAttempt::analyzer, 2u), Field(&FailedAttempt::analyzer, 3u)));
}

TEST(History, OneThatIsForgottenHasNoEntry) {
  History history;
  history.record(0, result(Outcome::timeout), {});
  history.record(1, result(Outcome::timeout), {});
  history.forget(0);
  history.forget(7);
  EXPECT_THAT(history.failed(), ElementsAre(Field(&FailedAttempt::analyzer, 1u)));
}

TEST(History, IsBoundedAndForgetsTheOldest) {
  History history;
  for (AnalyzerId id = 0; id < History::analyzers_max + 3; ++id) history.record(id, result(Outcome::timeout), {});
  ASSERT_THAT(history.failed(), SizeIs(History::analyzers_max));
  EXPECT_EQ(history.failed().front().analyzer, 3u);
  EXPECT_EQ(history.failed().back().analyzer, History::analyzers_max + 2);
  history.reset();
  EXPECT_THAT(history.failed(), IsEmpty());
}

}  // namespace
}  // namespace logdist::retry
