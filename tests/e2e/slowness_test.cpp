// The judgement that others are not slowed bites: it is right about measurements
// made up here, and it notices when a room's good analyzers do become slow.
#include "tests/e2e/slowness.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>

#include "tests/e2e/fault_room.hpp"

namespace logdist::e2e {
namespace {

const Samples nothing_yet("");

/// A scrape in which so many attempts at `analyzer` took at most 1 ms, as many more
/// between a quarter and half a second.
Samples scrape(int fast, int slow, const char* analyzer = "a") {
  std::string text;
  const std::array<std::pair<const char*, int>, 4> buckets{
      {{"0.001", fast}, {"0.25", fast}, {"0.5", fast + slow}, {"+Inf", fast + slow}}};
  for (const auto& [bound, count] : buckets) {
    text += fmt::format("logdist_delivery_duration_seconds_bucket{{analyzer=\"{}\",le=\"{}\"}} {}\n", analyzer, bound,
                        count);
  }
  return Samples(text);
}

Durations durations(int fast, int slow) { return {nothing_yet, scrape(fast, slow), {"a"}}; }

TEST(Slowness, IsOfTheSlowestInAHundred) {
  EXPECT_LE(durations(1000, 9).p99_seconds(), 0.001);
  EXPECT_GT(durations(1000, 12).p99_seconds(), 0.25);
  EXPECT_EQ(durations(0, 0).p99_seconds(), 0);
}

TEST(Slowness, IsThatOfTheTimeBetweenTwoScrapes) {
  const Durations since(scrape(1000, 500), scrape(2000, 500), {"a"});
  EXPECT_EQ(since.count(), 1000);
  EXPECT_LE(since.p99_seconds(), 0.001);
}

TEST(Slowness, IsThatOfTheseAnalyzersOnly) {
  EXPECT_EQ(Durations(nothing_yet, scrape(1000, 500, "victim"), {"a", "b"}).count(), 0);
}

TEST(Slowness, IsJudgedBesideTheOther) {
  const Durations fast = durations(1000, 0);
  const Durations slow = durations(1000, 50);
  EXPECT_FALSE(is_slowed(fast, fast));
  EXPECT_TRUE(is_slowed(slow, fast));
  EXPECT_FALSE(is_slowed(fast, slow));
  EXPECT_FALSE(is_slowed(slow, slow)) << "it is the machine's doing";
}

/// All attempts took longer than `low` and at most `high`, two bounds of the product's histogram in seconds.
Durations between(double low, double high) {
  std::string text;
  for (const auto& [bound, count] : {std::pair{low, 0}, {high, 200}}) {
    text += fmt::format("logdist_delivery_duration_seconds_bucket{{analyzer=\"a\",le=\"{}\"}} {}\n", bound, count);
  }
  return {nothing_yet, Samples(text), {"a"}};
}

TEST(Slowness, BeginsAtTheFloor) {
  const Durations fast = between(0, 0.001);
  EXPECT_FALSE(is_slowed(between(0.005, 0.01), fast));
  EXPECT_EQ(is_slowed(between(0.01, 0.025), fast), !sanitized);
  EXPECT_EQ(is_slowed(between(0.05, 0.1), fast), !sanitized);
  EXPECT_TRUE(is_slowed(between(0.1, 0.25), fast));
  EXPECT_FALSE(is_slowed(between(0.01, 0.025), between(0.005, 0.01))) << "not three times as long";
}

TEST(Slowness, IsThatOfFourTimesInARow) {
  int measurements = 0;
  int begun_anew = 0;
  const auto begin_anew = [&] { ++begun_anew; };
  EXPECT_TRUE(are_slowed_each_time([&] { return ++measurements > 0; }, begin_anew));
  EXPECT_EQ(measurements, 4);
  EXPECT_EQ(begun_anew, 3);
  measurements = 0;
  EXPECT_FALSE(are_slowed_each_time([&] { return ++measurements < 4; }, begin_anew));
}

TEST(Slowness, OfTheGoodAnalyzersInARoomIsNoticed) {
  if (!judges_durations()) GTEST_SKIP() << "judges durations: scripts/timing";
  FaultRoom room({"Harmless", Manner{}, {}, false});
  room.live_quietly();
  ASSERT_FALSE(room.others_are_slowed() && room.others_are_slowed() && room.others_are_slowed());
  // Little more than what is never slow, but each packet waits for others before it.
  room.slow_the_others(std::chrono::milliseconds(sanitized ? 125 : 25));
  EXPECT_TRUE(eventually([&] { return room.others_are_slowed(); }));
}

/// The traffic is light, so that few attempts wait for another's answer before theirs. The histogram has
/// bounds at 5, 10 and 25 ms (25, 50, 100 and 250 ms): what is measured is shown as nearly the next one.
TEST(Slowness, OfTheGoodAnalyzersInARoomIsNoticedFromTheFloorOn) {
  if (!judges_durations()) GTEST_SKIP() << "judges durations: scripts/timing";
  FaultRoom room({"Harmless", Manner{}, {}, false});
  room.live_quietly();
  const auto slowed = [&] { return room.others_are_slowed(Traffic::light); };
  room.slow_the_others(std::chrono::milliseconds(sanitized ? 20 : 4));
  EXPECT_TRUE(eventually([&] { return !slowed(); })) << "less than what is never slow";
  room.slow_the_others(std::chrono::milliseconds(sanitized ? 120 : 20));
  EXPECT_TRUE(eventually(slowed)) << "as much, or a little more";
}

}  // namespace
}  // namespace logdist::e2e
