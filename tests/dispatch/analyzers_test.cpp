// Analyzers that come, go and change their weights while packets flow.
#include <gtest/gtest.h>

#include <vector>

#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {
namespace {

/// Delivers `packets` and says how many each analyzer got.
std::vector<int> shares(World& world, int packets) {
  std::vector<int> got(world.views().size());
  for (int i = 0; i < packets; ++i) {
    world.admit("packet");
    world.run();
    ++got[world.loops[0]->upstream.under_way.front()->analyzer];
    world.end(Outcome::delivered, 200);
  }
  return got;
}

/// Ends the attempts at `analyzer` that are under way on loop 0.
void end_all_at(World& world, AnalyzerId analyzer, Outcome outcome) {
  auto& under_way = world.loops[0]->upstream.under_way;
  for (std::size_t left = under_way.size(); left > 0; --left) {
    if (under_way.front()->analyzer == analyzer) {
      world.end(outcome);
    } else {
      under_way.push_back(under_way.front());
      under_way.pop_front();
    }
  }
}

TEST(Analyzers, AnAddedOneStartsAtNothingAndGetsItsShareFromThenOn) {
  World world({.weights = {1, 1}});
  shares(world, 11);
  EXPECT_EQ(world.balancer.add({2, 256, 256}, world.now), 2u);
  EXPECT_EQ(world.views()[2].account.deficit, 0);
  EXPECT_TRUE(world.views()[2].in_service);
  const std::vector<int> got = shares(world, 40);
  EXPECT_NEAR(got[0], 10, 1);
  EXPECT_NEAR(got[1], 10, 1);
  EXPECT_NEAR(got[2], 20, 1);
}

TEST(Analyzers, AnAddedOneTakesWhatWaitsOnAnyLoop) {
  World world({.weights = {1}, .loops = 2, .slots = 1});
  world.admit("sent");
  world.admit("waiting", 1, 1);
  world.run();
  ASSERT_TRUE(world.loops[1]->upstream.under_way.empty());
  world.balancer.add({1, 1, 1}, world.now);
  world.run();
  ASSERT_EQ(world.loops[1]->upstream.under_way.size(), 1u);
  EXPECT_EQ(world.loops[1]->upstream.under_way.front()->analyzer, 1u);
  world.deliver_everything();
}

TEST(Analyzers, WhatIsUnderWayToARemovedOneIsSettledThereOrTriedElsewhere) {
  for (const Outcome outcome : {Outcome::delivered, Outcome::unsent, Outcome::connection_broken, Outcome::paused}) {
    SCOPED_TRACE(to_string(outcome));
    World world({.weights = {1, 1}});
    for (int i = 0; i < 10; ++i) world.admit(std::to_string(i));
    world.run();
    world.balancer.remove(1, world.now);
    world.run();
    EXPECT_EQ(world.loops[0]->upstream.recalled, std::vector<AnalyzerId>{1});
    EXPECT_EQ(world.views()[1].account.in_flight, 5u);

    end_all_at(world, 1, outcome);
    EXPECT_EQ(world.views()[1].account.in_flight, 0u);
    EXPECT_EQ(world.views()[0].account.in_flight, outcome == Outcome::delivered ? 5u : 10u);
    world.deliver_everything();
    EXPECT_EQ(world.terms().delivered.packets, 10);
    EXPECT_TRUE(world.views()[1].removed);
    EXPECT_EQ(shares(world, 5), (std::vector{5, 0}));
  }
}

TEST(Analyzers, WhatARemovedOneWasOwedGoesToTheOthersByWeight) {
  World world({.weights = {60, 10, 30}});
  world.admit("all to the first", 100);
  world.run();
  ASSERT_NEAR(world.views()[2].account.deficit, 30, 1e-9);
  world.balancer.remove(2, world.now);
  EXPECT_NEAR(world.views()[0].account.deficit, -40 + 30 * 60.0 / 70, 1e-9);
  EXPECT_NEAR(world.views()[1].account.deficit, 10 + 30 * 10.0 / 70, 1e-9);
  world.deliver_everything();
  EXPECT_EQ(world.terms().delivered.packets, 1) << "what it was counted stays";
}

TEST(Analyzers, ANewWeightKeepsDeficits) {
  World world({.weights = {3, 1}});
  world.admit("large", 100);
  world.run();
  const double owed = world.views()[1].account.deficit;
  ASSERT_GT(owed, 1);
  world.balancer.set_weight(1, 3);
  EXPECT_NEAR(world.views()[1].account.deficit, owed, 1e-9);
  EXPECT_NEAR(world.views()[1].account.target_share, 0.5, 1e-9);
  world.deliver_everything();
}

TEST(Analyzers, FewerSlotsHoldFromTheNextPacketOn) {
  World world({.weights = {1}});
  for (int i = 0; i < 5; ++i) world.admit(std::to_string(i));
  world.run();
  world.balancer.set_max_in_flight(0, 2, world.now);
  world.admit("later");
  for (std::size_t left = 5; left > 2; --left) {
    EXPECT_EQ(world.loops[0]->upstream.under_way.size(), left);
    world.end(Outcome::delivered, 200);
  }
  EXPECT_EQ(world.loops[0]->upstream.under_way.size(), 2u);
  world.deliver_everything();
}

TEST(Analyzers, ARemovedOneThatHadFailedIsNotTestedAnyMore) {
  World world({.weights = {1, 1}});
  for (int i = 0; i < 6; ++i) world.admit(std::to_string(i));
  world.run();
  end_all_at(world, 1, Outcome::connect_error);
  ASSERT_EQ(world.views()[1].state, health::State::failed);
  world.deliver_everything();
  world.balancer.remove(1, world.now);
  world.advance(1min);
  EXPECT_EQ(world.views()[1].state, health::State::failed);
  EXPECT_EQ(world.balancer.next_event(), never);
  EXPECT_TRUE(world.balancer.ready());
  world.balancer.probe_ended({1, 0}, health::ProbeResult::passed, world.now);
  world.balancer.set_capacity(1, 1, world.now);
}

TEST(Analyzers, WithTheSecondToAskRemovedARefusedPacketIsADeadLetter) {
  World world({.weights = {1, 1}});
  world.admit("refused");
  world.run();
  const AnalyzerId second = 1 - world.loops[0]->upstream.under_way.front()->analyzer;
  world.end(Outcome::refused, 422);
  ASSERT_EQ(world.loops[0]->upstream.under_way.front()->analyzer, second);
  world.balancer.remove(second, world.now);
  world.end(Outcome::unsent);
  ASSERT_EQ(world.dead_letters.letters.size(), 1u);
  EXPECT_EQ(world.dead_letters.letters.front().second, DeadLetterReason::refused);
}

TEST(Analyzers, ADrainedOneGetsNothingNewAndFinishesWhatItHas) {
  World world({.weights = {1, 1}, .loops = 2});
  for (int i = 0; i < 4; ++i) world.admit(std::to_string(i), 1, static_cast<LoopId>(i % 2));
  world.run();
  world.balancer.set_drained(1, true, world.now);
  world.run();
  for (const auto& loop : world.loops) EXPECT_EQ(loop->upstream.recalled, std::vector<AnalyzerId>{1});
  EXPECT_TRUE(world.views()[1].drained);
  EXPECT_FALSE(world.views()[1].in_service);
  EXPECT_EQ(world.views()[1].state, health::State::healthy);
  EXPECT_EQ(world.views()[1].account.target_share, 0);
  EXPECT_EQ(world.views()[1].account.in_flight, 2u);
  world.deliver_everything();
  EXPECT_EQ(world.views()[1].account.in_flight, 0u);
  EXPECT_EQ(shares(world, 5), (std::vector{5, 0}));
}

TEST(Analyzers, WhatADrainedOneMissesIsItsDebtAndIsPaidWhenItIsBack) {
  World world({.weights = {1, 1}});
  world.balancer.set_drained(1, true, world.now);
  shares(world, 10);
  EXPECT_NEAR(world.views()[1].account.debt, 5, 1e-9);
  world.balancer.set_drained(1, false, world.now);
  world.balancer.set_drained(1, false, world.now);
  EXPECT_EQ(world.views()[1].account.debt, 0);
  EXPECT_NEAR(world.views()[1].account.deficit, 5, 1e-9);
  // balance.catch_up_share: the five it is owed come on top of its half, and the other one is never starved.
  EXPECT_EQ(shares(world, 5), (std::vector{2, 3}));
  EXPECT_EQ(shares(world, 25), (std::vector{8, 17}));
  EXPECT_NEAR(world.views()[1].account.deficit, 0, 1e-9);
}

TEST(Analyzers, OneThatIsBackBeginsSlowly) {
  World world({.weights = {1, 1}});
  const std::uint32_t full = world.views()[1].slots;
  world.balancer.set_drained(1, true, world.now);
  world.balancer.set_drained(1, false, world.now);
  EXPECT_TRUE(world.control_wanted);
  EXPECT_EQ(world.views()[1].slots, 1u);
  world.advance(1h);
  EXPECT_EQ(world.views()[1].slots, full);
}

TEST(Analyzers, WithAllDrainedPacketsWaitForTheFirstThatIsBack) {
  World world({.weights = {1, 1}});
  world.balancer.set_drained(0, true, world.now);
  world.balancer.set_drained(1, true, world.now);
  EXPECT_FALSE(world.balancer.ready());
  EXPECT_GE(world.balancer.until_ready(world.now), 1h);
  world.admit("patient");
  world.run();
  EXPECT_TRUE(world.loops[0]->upstream.under_way.empty());
  world.balancer.set_drained(1, false, world.now);
  world.run();
  ASSERT_EQ(world.loops[0]->upstream.under_way.size(), 1u);
  EXPECT_EQ(world.loops[0]->upstream.under_way.front()->analyzer, 1u);
  EXPECT_TRUE(world.balancer.ready());
  world.deliver_everything();
}

TEST(Analyzers, ADrainedOneThatHadFailedIsNotTriedWithAPacket) {
  World world({.weights = {1, 1}});
  for (int i = 0; i < 6; ++i) world.admit(std::to_string(i));
  world.run();
  end_all_at(world, 1, Outcome::connect_error);
  world.deliver_everything();
  world.balancer.set_drained(1, true, world.now);
  world.advance(1min);
  ASSERT_EQ(world.views()[1].state, health::State::testing);
  world.balancer.set_drained(0, true, world.now);
  EXPECT_FALSE(world.balancer.ready());
  world.balancer.set_drained(0, false, world.now);
  EXPECT_EQ(shares(world, 3), (std::vector{3, 0}));
  world.balancer.set_drained(1, false, world.now);
  EXPECT_EQ(shares(world, 1), (std::vector{0, 1})) << "its trial";
  EXPECT_EQ(world.views()[1].state, health::State::healthy);
}

TEST(Analyzers, ARevisionTakesEffectAsAWhole) {
  World world({.weights = {60, 10, 30}});
  world.admit("all to the first", 100);
  world.run();
  {
    LoadBalancer::UpdateTransaction revision(world.balancer, world.now);
    revision.remove(2);
    EXPECT_EQ(revision.add({70, 256, 256}), 3u);
    revision.set_weight(1, 70);
    revision.set_max_in_flight(1, 9);
  }
  EXPECT_EQ(world.views()[3].account.deficit, 0);
  EXPECT_NEAR(world.views()[0].account.deficit, -40 + 30 * 60.0 / 70, 1e-9);
  EXPECT_NEAR(world.views()[1].account.deficit, 10 + 30 * 10.0 / 70, 1e-9);
  EXPECT_NEAR(world.views()[0].account.target_share, 0.3, 1e-9);
  EXPECT_EQ(world.views()[1].slots, 9u);
  world.deliver_everything();
}

TEST(Analyzers, AllMayBeReplacedAtOnce) {
  World world({.weights = {1, 1}, .slots = 1});
  for (int i = 0; i < 4; ++i) world.admit(std::to_string(i));
  world.run();
  {
    LoadBalancer::UpdateTransaction revision(world.balancer, world.now);
    revision.remove(0);
    revision.remove(1);
    revision.add({1, 8, 8});
  }
  world.run();
  EXPECT_EQ(world.views()[2].account.in_flight, 2u) << "what had waited";
  end_all_at(world, 0, Outcome::unsent);
  end_all_at(world, 1, Outcome::delivered);
  EXPECT_EQ(world.views()[2].account.in_flight, 3u);
  world.deliver_everything();
  EXPECT_EQ(world.terms().delivered.packets, 4);
}

TEST(Analyzers, TheIdOfARemovedOneIsAnothers) {
  World world({.weights = {1, 1, 1}, .probing = true});
  for (int i = 0; i < 3; ++i) world.balancer.probe_ended({1, 0}, health::ProbeResult::failed, world.now);
  world.run();
  ASSERT_EQ(world.views()[1].state, health::State::failed);
  const health::Epoch before = 1;
  world.balancer.remove(1, world.now);
  world.run();
  const std::vector<AnalyzerId> recalled = world.loops[0]->upstream.recalled;
  world.loops[0]->dispatcher->forget(std::vector<AnalyzerId>{1});
  EXPECT_EQ(world.balancer.add({2, 256, 256}, world.now, 1), 1u);
  EXPECT_EQ(world.views()[1].state, health::State::healthy);
  EXPECT_FALSE(world.views()[1].removed);
  EXPECT_EQ(world.views()[1].failures, 0u);
  EXPECT_EQ(world.views().size(), 3u);
  // A probe of the one before ends now.
  for (health::Epoch epoch = 0; epoch <= before; ++epoch) {
    for (int i = 0; i < 3; ++i) world.balancer.probe_ended({1, epoch}, health::ProbeResult::failed, world.now);
  }
  world.run();
  EXPECT_EQ(world.views()[1].state, health::State::healthy);
  EXPECT_EQ(world.views()[1].failures, 0u);
  EXPECT_EQ(world.loops[0]->upstream.recalled, recalled);
  const std::vector<int> got = shares(world, 40);
  EXPECT_NEAR(got[1], 20, 1);
}

/// It waits for another, and may ask who has that id next in the same round.
TEST(Analyzers, APacketThatOneHasFailedAsksItsSuccessor) {
  World world({.weights = {1, 1, 1}, .slots = 1});
  for (const char* id : {"bad", "second", "third"}) world.admit(id);
  world.run();
  const AnalyzerId gone = world.loops[0]->upstream.under_way.front()->analyzer;
  world.end(Outcome::http_error, 500);
  world.balancer.remove(gone, world.now);
  world.run();
  ASSERT_EQ(world.loops[0]->upstream.under_way.size(), 2u) << "the others are full";
  world.loops[0]->dispatcher->forget(std::vector<AnalyzerId>{gone});
  EXPECT_EQ(world.balancer.add({1, 1, 1}, world.now, gone), gone);
  world.run();
  ASSERT_EQ(world.loops[0]->upstream.under_way.size(), 3u);
  EXPECT_EQ(world.loops[0]->upstream.under_way.back()->analyzer, gone);
  world.deliver_everything();
}

}  // namespace
}  // namespace logdist::dispatch
