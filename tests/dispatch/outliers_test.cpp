// An analyzer that does worse than the others is out of service for a while (health.outlier).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {
namespace {

constexpr health::OutlierOptions ejecting{.enabled = true, .min_packets = 20, .interval = 10s};

/// Packets of a second; of those at analyzer `bad` every tenth fails there.
void live_a_second(World& world, std::optional<AnalyzerId> bad) {
  int at_bad = 0;
  for (int i = 0; i < 60; ++i) {
    world.admit("p");
    world.run();
    while (!world.loops[0]->upstream.under_way.empty()) {
      const core::Attempt& attempt = *world.loops[0]->upstream.under_way.front();
      const bool fails = attempt.analyzer == bad && ++at_bad % 5 == 1;
      world.end(fails ? Outcome::http_error : Outcome::delivered, fails ? 500 : 200);
    }
  }
  world.advance(1s);
}

void live(World& world, int seconds, std::optional<AnalyzerId> bad) {
  for (int i = 0; i < seconds; ++i) live_a_second(world, bad);
}

TEST(Ejections, TakeOutWhoFailsMoreThanTheOthers) {
  World world({.outlier = ejecting});
  live(world, 9, 1);
  EXPECT_TRUE(world.views()[1].in_service);
  live(world, 2, 1);
  const AnalyzerView view = world.views()[1];
  EXPECT_FALSE(view.in_service);
  EXPECT_TRUE(view.ejected);
  EXPECT_EQ(view.ejections, 1u);
  EXPECT_EQ(view.state, health::State::failed);
  ASSERT_EQ(world.changes.size(), 1u);
  ASSERT_TRUE(world.changes[0].ejection);
  EXPECT_EQ(world.changes[0].ejection->reason, health::Ejection::Reason::success_rate);
  EXPECT_EQ(world.changes[0].next_test_at - world.changes[0].at, 10s);
  EXPECT_TRUE(world.views()[0].in_service);
  EXPECT_TRUE(world.views()[2].in_service);
}

TEST(Ejections, EndWithATestAndLastLongerTheNextTime) {
  World world({.outlier = ejecting});
  live(world, 12, 1);
  ASSERT_TRUE(world.views()[1].ejected);
  EXPECT_GT(world.views()[1].account.debt, 0) << "what it is owed is kept";
  live(world, 10, {});
  EXPECT_EQ(world.views()[1].state, health::State::healthy);
  EXPECT_FALSE(world.views()[1].ejected);
  live(world, 20, 1);
  ASSERT_EQ(world.views()[1].ejections, 2u);
  const StateChange& last =
      *std::ranges::find_if(world.changes.rbegin(), world.changes.rend(),
                            [](const StateChange& change) { return change.ejection.has_value(); });
  EXPECT_EQ(last.next_test_at - last.at, 20s);
}

TEST(Ejections, AreNoneUnlessConfigured) {
  World world({});
  live(world, 30, 1);
  EXPECT_EQ(world.views()[1].ejections, 0u);
}

TEST(Ejections, LeaveHalfOfTheWeightInService) {
  World world({.weights = {3, 1, 1}, .outlier = ejecting});
  live(world, 30, 0);
  EXPECT_EQ(world.views()[0].ejections, 0u);
}

/// While nobody is ejected the shares are as exact as without.
TEST(Ejections, ThatDoNotComeChangeNoShare) {
  World world({.weights = {5, 3, 2}, .outlier = ejecting});
  for (int i = 0; i < 500; ++i) {
    world.admit("p", 1 + static_cast<std::uint32_t>(i % 7));
    world.run();
    world.deliver_everything();
    world.advance(100ms);
    for (const AnalyzerView& view : world.views()) ASSERT_LE(std::abs(view.account.deficit), 7);
  }
}

}  // namespace
}  // namespace logdist::dispatch
