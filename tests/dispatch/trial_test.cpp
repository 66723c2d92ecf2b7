// The packet that tests an analyzer.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {
namespace {

TEST(Trial, WaitsForASlotThatAnOlderAttemptStillHolds) {
  World world({.weights = {1}, .slots = 2});
  world.admit("stuck");
  for (const char* failing : {"1", "2", "3"}) world.admit(failing);
  world.run();
  auto& under_way = world.loops[0]->upstream.under_way;
  for (int failure = 0; failure < 3; ++failure) {
    ASSERT_EQ(under_way.size(), 2u);
    std::swap(under_way.front(), under_way.back());
    world.end(Outcome::connect_error);
  }
  ASSERT_EQ(world.views()[0].state, health::State::failed);
  world.balancer.set_capacity(0, 1, world.now);

  world.advance(5s);
  EXPECT_EQ(world.views()[0].state, health::State::testing);
  EXPECT_EQ(world.views()[0].slots, 1u);
  EXPECT_EQ(under_way.size(), 1u) << "a second packet in flight to one that takes one";

  world.end(Outcome::timeout);
  EXPECT_EQ(under_way.size(), 1u) << "the test begins once the slot is free";
  world.deliver_everything();
  EXPECT_EQ(world.views()[0].state, health::State::healthy);
}

/// Ends all attempts under way: at those of `bad` with `outcome`, else as delivered.
/// How many there were at `bad`.
std::size_t end_all(World& world, const std::set<AnalyzerId>& bad, Outcome outcome, unsigned status) {
  std::size_t ended_badly = 0;
  auto& under_way = world.loops[0]->upstream.under_way;
  while (!under_way.empty()) {
    const bool badly = bad.contains(under_way.front()->analyzer);
    ended_badly += badly ? 1 : 0;
    world.end(badly ? outcome : Outcome::delivered, badly ? status : 200);
  }
  return ended_badly;
}

/// Fails those analyzers and lets them come to Testing, with nothing under way.
void bring_to_testing(World& world, const std::set<AnalyzerId>& broken) {
  const auto all_are = [&](health::State state) {
    const std::vector<AnalyzerView> views = world.views();
    return std::all_of(broken.begin(), broken.end(), [&](AnalyzerId id) { return views[id].state == state; });
  };
  while (!all_are(health::State::failed)) {
    world.admit("before");
    world.run();
    end_all(world, broken, Outcome::connect_error, 0);
  }
  world.advance(700ms);
  ASSERT_TRUE(all_are(health::State::testing));
}

TEST(Trial, OneThatRefusesAllIsTriedWithAPacketABackOff) {
  World world({});
  bring_to_testing(world, {1});
  const double owed = world.views()[1].account.debt;
  std::size_t refused = 0;
  for (int packet = 0; packet < 1'000; ++packet) {  // ten seconds
    world.admit("p" + std::to_string(packet));
    world.advance(10ms);
    refused += end_all(world, {1}, Outcome::refused, 400);
  }
  EXPECT_GE(refused, 3u) << "it is tried again and again";
  EXPECT_LE(refused, 6u) << "after 0.5, 1, 2, 4 seconds, give or take the jitter";
  EXPECT_TRUE(world.dead_letters.letters.empty());
  EXPECT_EQ(world.views()[1].state, health::State::testing);
  EXPECT_GE(world.views()[1].account.debt, owed) << "what it refused was not its share";
}

TEST(Trial, ThatRefusesIsFollowedByAnOpinionInService) {
  World world({});
  bring_to_testing(world, {1, 2});
  world.admit("packet");
  world.run();
  auto& under_way = world.loops[0]->upstream.under_way;
  ASSERT_EQ(under_way.size(), 1u);
  ASSERT_NE(under_way.front()->analyzer, 0u) << "a trial comes first of all";
  world.end(Outcome::refused, 400);
  ASSERT_EQ(under_way.size(), 1u);
  EXPECT_EQ(under_way.front()->analyzer, 0u) << "and not to the other that is being tested";
  world.end(Outcome::delivered, 200);
  EXPECT_TRUE(world.dead_letters.letters.empty());
}

}  // namespace
}  // namespace logdist::dispatch
