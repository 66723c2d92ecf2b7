// What several loops decide together: service, trials, fairness, wakes.
#include <gtest/gtest.h>

#include <map>

#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {
namespace {

/// Fails attempts at `analyzer` and delivers all others, on all loops, until
/// nothing is under way.
void play(World& world, AnalyzerId broken) {
  for (bool again = true; again;) {
    again = false;
    for (LoopId loop = 0; loop < world.loops.size(); ++loop) {
      auto& under_way = world.loops[loop]->upstream.under_way;
      while (!under_way.empty()) {
        again = true;
        if (under_way.front()->analyzer == broken) {
          world.end(Outcome::connect_error, 0, loop);
        } else {
          world.end(Outcome::delivered, 200, loop);
        }
      }
    }
  }
}

TEST(LoadBalancer, ThreeFailuresTakeAnAnalyzerOutAndAllLoopsRecall) {
  World world({.loops = 2});
  for (int i = 0; i < 12; ++i) world.admit(std::to_string(i), 1, static_cast<LoopId>(i % 2));
  world.run();
  play(world, 1);
  EXPECT_EQ(world.views()[1].state, health::State::failed);
  EXPECT_FALSE(world.views()[1].in_service);
  EXPECT_EQ(world.views()[1].failures, 4u) << "all four that were under way to it";
  for (const auto& loop : world.loops) EXPECT_EQ(loop->upstream.recalled, std::vector<AnalyzerId>{1});
  EXPECT_EQ(world.terms().delivered.packets, 12);
  ASSERT_EQ(world.changes.size(), 1u);
  EXPECT_EQ(world.changes[0].to, health::State::failed);
  EXPECT_EQ(world.changes[0].failure.outcome, Outcome::connect_error);
}

TEST(LoadBalancer, ATestingAnalyzerGetsTheNextPacketFirstOfAllAndRecovers) {
  World world({});
  for (int i = 0; i < 12; ++i) world.admit(std::to_string(i));
  world.run();
  play(world, 1);
  world.advance(700ms);
  ASSERT_EQ(world.views()[1].state, health::State::testing);
  world.admit("trial");
  world.admit("other");
  world.run();
  ASSERT_EQ(world.loops[0]->upstream.under_way.size(), 2u);
  EXPECT_EQ(world.loops[0]->upstream.under_way[0]->analyzer, 1u);
  EXPECT_NE(world.loops[0]->upstream.under_way[1]->analyzer, 1u) << "one trial, not more";
  world.deliver_everything();
  EXPECT_EQ(world.views()[1].state, health::State::healthy);
  EXPECT_LT(world.views()[1].slots, 256u) << "slow start";
  world.advance(11s);
  EXPECT_EQ(world.views()[1].slots, 256u);
}

TEST(LoadBalancer, AllFailedPacketsWaitAndTheTrialTakesTheOldest) {
  World world({.weights = {1}});
  for (int i = 0; i < 3; ++i) {
    world.admit(std::to_string(i));
    world.advance(1ms);
  }
  while (world.views()[0].state == health::State::healthy) {
    ASSERT_FALSE(world.loops[0]->upstream.under_way.empty());
    world.end(Outcome::timeout);
  }
  while (!world.loops[0]->upstream.under_way.empty()) world.end(Outcome::timeout);
  EXPECT_FALSE(world.balancer.ready());
  world.advance(700ms);
  ASSERT_EQ(world.loops[0]->upstream.under_way.size(), 1u);
  EXPECT_EQ(world.loops[0]->upstream.under_way[0]->packet->id, "0");
  EXPECT_FALSE(world.balancer.ready()) << "it is tested";
  world.end(Outcome::delivered, 200);
  world.deliver_everything();
  world.advance(5s);
  world.deliver_everything();
  EXPECT_EQ(world.terms().delivered.packets, 3);
}

TEST(LoadBalancer, AChangeOfStateCarriesItsCause) {
  World world({.weights = {1}});
  for (int i = 0; i < 3; ++i) world.admit(std::to_string(i));
  world.run();
  world.end(Outcome::timeout);
  world.end(Outcome::connection_broken);
  world.end(Outcome::http_error, 500);
  world.admit("fresh");
  world.advance(700ms);
  world.end(Outcome::http_error, 302);
  world.advance(2s);
  world.end(Outcome::delivered, 200);
  std::vector<unsigned> statuses;
  for (const StateChange& change : world.changes) {
    statuses.push_back(change.failure.status);
    EXPECT_EQ(change.next_test_at != never, change.to == health::State::failed);
    EXPECT_LE(change.at, world.now);
  }
  EXPECT_EQ(statuses, (std::vector<unsigned>{500, 0, 302, 0, 0}));
  EXPECT_GT(world.changes[2].next_test_at, world.changes[2].at);
  EXPECT_FALSE(world.changes[0].failure.of_probe);
}

TEST(LoadBalancer, AFailedProbeGivesItsCauseToTheChangeOfState) {
  World world({.weights = {1}, .probing = true});
  const core::Failure refused{Outcome::connect_error, 0, make_error_code(boost::system::errc::connection_refused),
                              true};
  for (int i = 0; i < 3; ++i) world.balancer.probe_ended({0, 0}, health::ProbeResult::failed, world.now, refused);
  world.run();
  ASSERT_EQ(world.changes.size(), 1u);
  EXPECT_EQ(world.changes[0].failure.error, boost::system::errc::connection_refused);
  EXPECT_TRUE(world.changes[0].failure.of_probe);
}

TEST(LoadBalancer, APausedAnalyzerIsLeftAloneForSoLong) {
  World world({.weights = {1, 1}});
  world.admit("a");
  world.run();
  const AnalyzerId paused = world.loops[0]->upstream.under_way.front()->analyzer;
  core::Attempt& attempt = *world.loops[0]->upstream.under_way.front();
  world.loops[0]->upstream.under_way.pop_front();
  core::AttemptResult result;
  result.outcome = Outcome::paused;
  result.pause = 3s;
  world.loops[0]->dispatcher->attempt_ended(attempt, result, world.now);
  world.run();
  EXPECT_TRUE(world.views()[paused].paused);
  EXPECT_FALSE(world.views()[paused].in_service);
  EXPECT_EQ(world.views()[paused].failures, 0u);
  world.deliver_everything();
  world.advance(2900ms);
  EXPECT_FALSE(world.views()[paused].in_service);
  world.advance(200ms);
  EXPECT_TRUE(world.views()[paused].in_service);
}

TEST(LoadBalancer, ABurstOf429IsOnePause) {
  World world({.weights = {1}});
  for (int i = 0; i < 50; ++i) world.admit(std::to_string(i));
  world.run();
  while (!world.loops[0]->upstream.under_way.empty()) world.end(Outcome::paused, 429);
  EXPECT_TRUE(world.views()[0].paused);
  const std::vector<PauseNotice> notices = world.balancer.take_pauses();
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0].pauses, 1u);
  EXPECT_EQ(notices[0].status, 429u);
  EXPECT_GE(notices[0].length, 80ms);
  EXPECT_TRUE(world.balancer.take_pauses().empty());
  world.advance(121ms);  // 100 ms, with 20 % jitter at most
  EXPECT_FALSE(world.views()[0].paused);
  world.advance(200ms);
  world.deliver_everything();
  EXPECT_EQ(world.terms().delivered.packets, 50);
}

/// It would be asked first for each packet, since nothing is charged to it.
TEST(LoadBalancer, APauseOfNoTimeIsOneOfTheBackOff) {
  World world({.weights = {1}});
  world.admit("packet");
  world.run();
  core::AttemptResult result;
  result.outcome = Outcome::paused;
  result.status = 503;
  result.pause = Duration::zero();
  for (const Duration least : {80ms, 160ms}) {
    core::Attempt& attempt = *world.loops[0]->upstream.under_way.front();
    world.loops[0]->upstream.under_way.pop_front();
    world.loops[0]->dispatcher->attempt_ended(attempt, result, world.now);
    world.run();
    EXPECT_TRUE(world.views()[0].paused);
    const std::vector<PauseNotice> notices = world.balancer.take_pauses();
    ASSERT_EQ(notices.size(), 1u);
    EXPECT_GE(notices[0].length, least);
    world.advance(250ms);
    ASSERT_EQ(world.loops[0]->upstream.under_way.size(), 1u);
  }
  world.deliver_everything();
}

TEST(LoadBalancer, AFreedSlotGoesToTheOldestPacketOfAllLoops) {
  World world({.weights = {1}, .loops = 3, .slots = 1});
  world.admit("0", 1, 0);
  world.run();
  for (int i = 1; i <= 9; ++i) {
    world.advance(1ms);
    world.admit(std::to_string(i), 1, static_cast<LoopId>((i * 2) % 3));
    world.run();
  }
  std::string order;
  for (bool again = true; again;) {
    again = false;
    for (LoopId loop = 0; loop < 3; ++loop) {
      if (world.loops[loop]->upstream.under_way.empty()) continue;
      order += world.loops[loop]->upstream.under_way.front()->packet->id;
      world.end(Outcome::delivered, 200, loop);
      again = true;
      break;
    }
  }
  EXPECT_EQ(order, "0123456789");
}

TEST(LoadBalancer, ALoopThatLeftASlotToAnOlderPacketGetsTheNextOne) {
  World world({.weights = {1}, .loops = 2, .slots = 2});
  world.admit("first");
  world.admit("second");
  world.run();
  world.advance(1ms);
  world.admit("older", 1, 1);
  world.run();
  world.advance(1ms);
  world.admit("younger", 1, 0);
  world.run();
  // Both slots become free in one turn of the loop with the younger packet.
  auto& under_way = world.loops[0]->upstream.under_way;
  for (core::Attempt* attempt : std::exchange(under_way, {})) {
    core::AttemptResult result;
    result.outcome = Outcome::delivered;
    world.loops[0]->dispatcher->attempt_ended(*attempt, result, world.now);
  }
  world.run();
  EXPECT_EQ(world.loops[1]->upstream.under_way.size(), 1u);
  EXPECT_EQ(world.loops[0]->upstream.under_way.size(), 1u) << "no packet waits while a slot is free";
}

TEST(LoadBalancer, MoreCapacityIsUsedAtOnce) {
  World world({.weights = {1}, .loops = 2, .slots = 1});
  for (int i = 0; i < 6; ++i) world.admit(std::to_string(i), 1, static_cast<LoopId>(i % 2));
  world.run();
  EXPECT_EQ(world.terms().in_flight.packets, 1);
  world.balancer.set_capacity(0, 256, world.now);
  world.run();
  EXPECT_EQ(world.terms().in_flight.packets, 1) << "max_in_flight still binds";
  world.deliver_everything();
  EXPECT_EQ(world.terms().delivered.packets, 6);
}

TEST(LoadBalancer, ASnapshotHasAVersionThatLaterTurnsKnow) {
  World world({.weights = {2, 1}});
  world.admit("p", 30);
  world.run();
  std::vector<BalanceSnapshot> snapshots;
  const auto take = [&] {
    world.balancer.snapshot([&](const BalanceSnapshot& snapshot) { snapshots.push_back(snapshot); });
  };
  const auto version_of_a_turn = [&] {
    return LoadBalancer::PlacementBatch(world.balancer, 0, world.now).balance_version();
  };
  EXPECT_EQ(version_of_a_turn(), 0u);
  take();
  EXPECT_EQ(version_of_a_turn(), 1u);
  world.deliver_everything();
  take();
  ASSERT_EQ(snapshots.size(), 2u);
  EXPECT_EQ(snapshots[1].version, 2u);
  EXPECT_EQ(snapshots[1].largest_packet, 30u);
  EXPECT_EQ(snapshots[0].analyzers[0].account.in_flight_messages, 30u);
  EXPECT_EQ(snapshots[1].analyzers[0].account.in_flight_messages, 0u);
  EXPECT_NEAR(snapshots[1].analyzers[0].account.deficit, -10, 1e-9);
  World next({.weights = {2, 1}});
  next.balancer.restore(std::vector<double>{-10, 10}, 30);
  EXPECT_NEAR(next.views()[0].account.deficit, -10, 1e-9);
  next.admit("q", 5);
  next.run();
  EXPECT_EQ(next.loops[0]->upstream.under_way.front()->analyzer, 1u) << "it is owed";
  next.deliver_everything();
}

TEST(LoadBalancer, SharesFollowTheWeightsToOnePacketOverAllLoops) {
  World world({.weights = {40, 30, 30}, .loops = 4, .queue_packets = 10'000, .slots = 10'000});
  Random random(7);
  std::map<AnalyzerId, std::int64_t> sent;
  std::int64_t total = 0;
  std::int64_t largest = 0;
  for (int i = 0; i < 2'000; ++i) {
    const auto messages = static_cast<std::uint32_t>(1 + random.below(100));
    const auto loop = static_cast<LoopId>(random.below(4));
    world.admit(std::to_string(i), messages, loop);
    world.run();
    sent[world.loops[loop]->upstream.under_way.back()->analyzer] += messages;
    total += messages;
    largest = std::max<std::int64_t>(largest, messages);
    if (random.below(2) == 0) world.end(Outcome::delivered, 200, loop);
    EXPECT_LE(std::abs(sent[0] * 10 - total * 4), largest * 10) << "after packet " << i;
    EXPECT_LE(std::abs(sent[1] * 10 - total * 3), largest * 10) << "after packet " << i;
    EXPECT_LE(std::abs(sent[2] * 10 - total * 3), largest * 10) << "after packet " << i;
  }
}

}  // namespace
}  // namespace logdist::dispatch
