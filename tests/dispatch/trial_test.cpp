// The packet that tests an analyzer.
#include <gtest/gtest.h>

#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {
namespace {

TEST(Trial, WaitsForASlotThatAnOlderAttemptStillHolds) {
  World world({.weights = {1}, .slots = 2});
  world.admit("stuck");
  world.admit("failing");
  world.run();
  auto& under_way = world.loops[0]->upstream.under_way;
  for (int failure = 0; failure < 3; ++failure) {
    while (under_way.size() < 2) world.advance(100ms);
    std::swap(under_way.front(), under_way.back());
    world.end(Outcome::connect_error);
  }
  ASSERT_EQ(world.views()[0].state, health::State::failed);
  world.scheduler.set_capacity(0, 1, world.now);

  world.advance(5s);
  EXPECT_EQ(world.views()[0].state, health::State::testing);
  EXPECT_EQ(world.views()[0].slots, 1u);
  EXPECT_EQ(under_way.size(), 1u) << "a second packet in flight to one that takes one";

  world.end(Outcome::timeout);
  EXPECT_EQ(under_way.size(), 1u) << "the test begins once the slot is free";
  world.deliver_everything();
  EXPECT_EQ(world.views()[0].state, health::State::healthy);
}

/// Fails analyzer 1 and lets it come to Testing, with nothing under way.
void bring_to_testing(World& world) {
  while (world.views()[1].state == health::State::healthy) {
    world.admit("before");
    world.run();
    auto& under_way = world.loops[0]->upstream.under_way;
    while (!under_way.empty()) {
      const bool broken = under_way.front()->analyzer == 1;
      world.end(broken ? Outcome::connect_error : Outcome::delivered, broken ? 0 : 200);
    }
  }
  world.advance(700ms);
  ASSERT_EQ(world.views()[1].state, health::State::testing);
}

TEST(Trial, OneThatRefusesAllIsTriedWithAPacketABackOff) {
  World world({});
  bring_to_testing(world);
  const double owed = world.views()[1].account.debt;
  std::size_t refused = 0;
  for (int packet = 0; packet < 1'000; ++packet) {  // ten seconds
    world.admit("p" + std::to_string(packet));
    world.advance(10ms);
    auto& under_way = world.loops[0]->upstream.under_way;
    while (!under_way.empty()) {
      const bool refuses = under_way.front()->analyzer == 1;
      refused += refuses ? 1 : 0;
      world.end(refuses ? Outcome::refused : Outcome::delivered, refuses ? 400 : 200);
    }
  }
  EXPECT_GE(refused, 3u) << "it is tried again and again";
  EXPECT_LE(refused, 6u) << "after 0.5, 1, 2, 4 seconds, give or take the jitter";
  EXPECT_TRUE(world.dead_letters.letters.empty());
  EXPECT_EQ(world.views()[1].state, health::State::testing);
  EXPECT_GE(world.views()[1].account.debt, owed) << "what it refused was not its share";
}

TEST(Trial, ThatRefusesIsFollowedByAnOpinionInService) {
  World world({});
  bring_to_testing(world);
  while (world.views()[2].state == health::State::healthy) {
    world.admit("more");
    world.run();
    auto& under_way = world.loops[0]->upstream.under_way;
    while (!under_way.empty()) {
      const bool fine = under_way.front()->analyzer == 0;
      world.end(fine ? Outcome::delivered : Outcome::connect_error, fine ? 200 : 0);
    }
  }
  world.advance(3s);
  ASSERT_EQ(world.views()[1].state, health::State::testing);
  ASSERT_EQ(world.views()[2].state, health::State::testing);

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
