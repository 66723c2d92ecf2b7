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

}  // namespace
}  // namespace logdist::dispatch
