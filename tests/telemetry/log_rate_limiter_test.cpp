// What repeats is counted, not written.
#include "telemetry/log_rate_limiter.hpp"

#include <gtest/gtest.h>

namespace logdist::log {
namespace {

using namespace std::chrono_literals;

Line line(const std::string& message, const std::string& analyzer = "") {
  return {Level::warn, "event", message, analyzer.empty() ? Fields() : Fields({{"analyzer", analyzer}})};
}

TEST(LogRateLimiter, TheFirstLinesOfAKindAreWrittenAndTheRestCounted) {
  LogRateLimiter limiter;
  const TimePoint begin = TimePoint() + 1h;
  for (std::uint32_t i = 0; i < LogRateLimiter::lines_max; ++i) EXPECT_TRUE(limiter.admit(line("first"), begin));
  EXPECT_EQ(limiter.next_due(), never);
  EXPECT_FALSE(limiter.admit(line("too many"), begin + 1s));
  EXPECT_FALSE(limiter.admit(line("far too many"), begin + 2s));
  EXPECT_EQ(limiter.next_due(), begin + LogRateLimiter::interval);
  EXPECT_TRUE(limiter.take_due(begin + 9s).empty());

  const std::vector<Line> due = limiter.take_due(begin + 10s);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].message, "2 more like this in 10 s, last: far too many");
  EXPECT_EQ(due[0].fields["more"], 2u);
  EXPECT_EQ(due[0].event, "event");
  EXPECT_EQ(due[0].level, Level::warn);
  EXPECT_EQ(limiter.next_due(), never);
}

TEST(LogRateLimiter, WhoGoesOnRepeatingGetsOneLineAnInterval) {
  LogRateLimiter limiter;
  TimePoint now = TimePoint() + 1h;
  std::size_t lines = 0;
  for (int tenth = 0; tenth < 600; ++tenth, now += 100ms) {
    lines += limiter.take_due(now).size();
    if (limiter.admit(line("again"), now)) ++lines;
  }
  EXPECT_EQ(lines, LogRateLimiter::lines_max + 5u) << "a minute: five, then one for each interval that is over";
}

TEST(LogRateLimiter, WhoWasQuietForAnIntervalMaySpeakAgain) {
  LogRateLimiter limiter;
  const TimePoint begin = TimePoint() + 1h;
  for (std::uint32_t i = 0; i <= LogRateLimiter::lines_max; ++i) limiter.admit(line("loud"), begin);
  ASSERT_EQ(limiter.take_due(begin + 10s).size(), 1u);
  EXPECT_FALSE(limiter.admit(line("soon"), begin + 19s));
  ASSERT_EQ(limiter.take_due(begin + 20s).size(), 1u);
  EXPECT_TRUE(limiter.admit(line("late"), begin + 31s));
}

TEST(LogRateLimiter, EachAnalyzerHasItsOwnLines) {
  LogRateLimiter limiter;
  const TimePoint begin = TimePoint() + 1h;
  for (std::uint32_t i = 0; i <= LogRateLimiter::lines_max; ++i) limiter.admit(line("a fails", "a"), begin);
  EXPECT_TRUE(limiter.admit(line("b fails", "b"), begin));
  const std::vector<Line> due = limiter.take_due(never);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].fields, (Fields{{"analyzer", "a"}, {"more", 1u}}));
}

TEST(LogRateLimiter, ManyKindsThatComeAndGoLoseNoLine) {
  LogRateLimiter limiter;
  TimePoint now = TimePoint() + 1h;
  for (int i = 0; i < 10'000; ++i, now += 100ms) EXPECT_TRUE(limiter.admit(line("comes", std::to_string(i)), now));
}

}  // namespace
}  // namespace logdist::log
