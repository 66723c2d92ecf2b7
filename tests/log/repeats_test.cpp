// What repeats is counted, not written.
#include "log/repeats.hpp"

#include <gtest/gtest.h>

namespace logdist::log {
namespace {

using namespace std::chrono_literals;

Line line(const std::string& message, const std::string& analyzer = "") {
  return {Level::warn, "event", message, analyzer.empty() ? Fields() : Fields({{"analyzer", analyzer}})};
}

TEST(Repeats, TheFirstLinesOfAKindAreWrittenAndTheRestCounted) {
  Repeats repeats;
  const TimePoint begin = TimePoint() + 1h;
  for (std::uint32_t i = 0; i < Repeats::lines_max; ++i) EXPECT_TRUE(repeats.admit(line("first"), begin));
  EXPECT_EQ(repeats.next_due(), never);
  EXPECT_FALSE(repeats.admit(line("too many"), begin + 1s));
  EXPECT_FALSE(repeats.admit(line("far too many"), begin + 2s));
  EXPECT_EQ(repeats.next_due(), begin + Repeats::interval);
  EXPECT_TRUE(repeats.take_due(begin + 9s).empty());

  const std::vector<Line> due = repeats.take_due(begin + 10s);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].message, "2 more like this in 10 s, last: far too many");
  EXPECT_EQ(due[0].fields["more"], 2u);
  EXPECT_EQ(due[0].event, "event");
  EXPECT_EQ(due[0].level, Level::warn);
  EXPECT_EQ(repeats.next_due(), never);
}

TEST(Repeats, WhoGoesOnRepeatingGetsOneLineAnInterval) {
  Repeats repeats;
  TimePoint now = TimePoint() + 1h;
  std::size_t lines = 0;
  for (int tenth = 0; tenth < 600; ++tenth, now += 100ms) {
    lines += repeats.take_due(now).size();
    if (repeats.admit(line("again"), now)) ++lines;
  }
  EXPECT_EQ(lines, Repeats::lines_max + 5u) << "a minute: five, then one for each interval that is over";
}

TEST(Repeats, WhoWasQuietForAnIntervalMaySpeakAgain) {
  Repeats repeats;
  const TimePoint begin = TimePoint() + 1h;
  for (std::uint32_t i = 0; i <= Repeats::lines_max; ++i) repeats.admit(line("loud"), begin);
  ASSERT_EQ(repeats.take_due(begin + 10s).size(), 1u);
  EXPECT_FALSE(repeats.admit(line("soon"), begin + 19s));
  ASSERT_EQ(repeats.take_due(begin + 20s).size(), 1u);
  EXPECT_TRUE(repeats.admit(line("late"), begin + 31s));
}

TEST(Repeats, EachAnalyzerHasItsOwnLines) {
  Repeats repeats;
  const TimePoint begin = TimePoint() + 1h;
  for (std::uint32_t i = 0; i <= Repeats::lines_max; ++i) repeats.admit(line("a fails", "a"), begin);
  EXPECT_TRUE(repeats.admit(line("b fails", "b"), begin));
  const std::vector<Line> due = repeats.take_due(never);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].fields, (Fields{{"analyzer", "a"}, {"more", 1u}}));
}

TEST(Repeats, ManyKindsThatComeAndGoLoseNoLine) {
  Repeats repeats;
  TimePoint now = TimePoint() + 1h;
  for (int i = 0; i < 10'000; ++i, now += 100ms) EXPECT_TRUE(repeats.admit(line("comes", std::to_string(i)), now));
}

}  // namespace
}  // namespace logdist::log
