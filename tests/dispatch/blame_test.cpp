// Whose fault a failure is: the packet's or the analyzer's.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {
namespace {

struct Way {
  Outcome outcome;
  unsigned status;

  friend std::ostream& operator<<(std::ostream& stream, const Way& way) {
    return stream << to_string(way.outcome) << '_' << way.status;
  }
};

class Blame : public testing::TestWithParam<Way> {
 protected:
  void end_all(World& world) { world.end_all(GetParam().outcome, GetParam().status); }
};

bool everybody_is(World& world, health::State state) {
  const std::vector<AnalyzerView> views = world.views();
  return std::ranges::all_of(views, [state](const AnalyzerView& view) { return view.state == state; });
}

TEST_P(Blame, OfABadPacketTakesNoAnalyzerOutAndItEndsAsADeadLetter) {
  World world({.max_rounds = 4});
  for (int i = 0; i < 30; ++i) world.admit("good");
  world.run();
  end_all(world);
  world.admit("bad1");
  world.admit("bad2");
  for (int second = 0; second < 60; ++second) {
    world.run();
    end_all(world);
    for (int i = 0; i < 30; ++i) world.admit("good");
    world.run();
    end_all(world);
    ASSERT_TRUE(everybody_is(world, health::State::healthy)) << "after " << second << " seconds";
    world.advance(1s);
  }
  EXPECT_EQ(world.terms().delivered.packets, 61 * 30);
  ASSERT_EQ(world.dead_letters.letters.size(), 2u);
  for (const auto& [id, reason] : world.dead_letters.letters) EXPECT_EQ(reason, DeadLetterReason::max_rounds) << id;
}

TEST_P(Blame, OfAnOutageIsNoPackets) {
  World world({.weights = {1, 1}, .max_rounds = 1, .probing = false});
  for (int i = 0; i < 20; ++i) world.admit("bad" + std::to_string(i));
  for (int minute = 0; minute < 60; ++minute) {
    for (int step = 0; step < 60; ++step) {
      world.advance(1s);
      end_all(world);
    }
    ASSERT_TRUE(world.dead_letters.letters.empty()) << "after " << minute << " minutes";
  }
  EXPECT_FALSE(everybody_is(world, health::State::healthy)) << "the outage is noticed all the same";
  world.advance(1s);
  world.deliver_everything();
  for (int second = 0; second < 120; ++second) {
    world.advance(1s);
    world.deliver_everything();
  }
  EXPECT_EQ(world.terms().delivered.packets, 20);
}

INSTANTIATE_TEST_SUITE_P(Ways, Blame,
                         testing::Values(Way{Outcome::http_error, 500}, Way{Outcome::http_error, 403},
                                         Way{Outcome::http_error, 302}, Way{Outcome::timeout, 0},
                                         Way{Outcome::connection_broken, 0}, Way{Outcome::protocol_error, 0},
                                         Way{Outcome::connect_error, 0}),
                         [](const auto& one) {
                           return std::string(to_string(one.param.outcome)) + "_" + std::to_string(one.param.status);
                         });

/// Fails its analyzers by so many packets that fail for the first time, "bad0", "bad1" …
void fail_all(World& world, int packets) {
  for (int i = 0; i < packets; ++i) {
    world.admit("bad" + std::to_string(i));
    world.run();
  }
  world.end_all(Outcome::http_error, 500);
  ASSERT_TRUE(everybody_is(world, health::State::failed));
}

TEST(Suspects, ThreeFailuresOfOnePacketAreOne) {
  World world({.weights = {1}});
  world.admit("bad");
  for (int round = 0; round < 10; ++round) {
    world.advance(11s);
    world.end_all(Outcome::timeout);
  }
  EXPECT_EQ(world.views()[0].state, health::State::healthy);
  EXPECT_EQ(world.views()[0].failures, 1u);
}

TEST(Suspects, DoNotTestAnAnalyzerWhileAnotherPacketWaits) {
  World world({.weights = {1}});
  fail_all(world, 3);
  world.admit("fresh");
  world.advance(700ms);
  auto& under_way = world.loops[0]->upstream.under_way;
  ASSERT_EQ(under_way.size(), 1u);
  EXPECT_EQ(under_way.front()->packet->id, "fresh") << "the youngest of all";
  world.end(Outcome::delivered, 200);
  EXPECT_EQ(world.views()[0].state, health::State::healthy);
  world.deliver_everything();
}

TEST(Suspects, OfAnotherLoopDoNotEither) {
  World world({.weights = {1}, .loops = 2});
  fail_all(world, 3);
  world.admit("fresh", 1, 1);
  world.advance(700ms);
  EXPECT_TRUE(world.loops[0]->upstream.under_way.empty());
  ASSERT_EQ(world.loops[1]->upstream.under_way.size(), 1u);
  world.deliver_everything();
}

TEST(Suspects, AreTriedOneByOneWithoutAProbeToDecide) {
  World world({.weights = {1}, .max_rounds = 100});
  fail_all(world, 3);
  std::size_t tried = 0;
  for (int second = 0; second < 60; ++second) {
    world.advance(1s);
    EXPECT_LE(world.loops[0]->upstream.under_way.size(), 1u);
    tried += world.loops[0]->upstream.under_way.size();
    world.end_all(Outcome::http_error, 500);
    ASSERT_EQ(world.views()[0].state, health::State::testing) << "their failures leave the state";
  }
  EXPECT_GE(tried, 4u);
  EXPECT_LE(tried, 8u) << "a back-off of its own lies between two";
  world.advance(45s);  // the longest back-off, with its jitter
  world.deliver_everything();
  EXPECT_EQ(world.views()[0].state, health::State::healthy);
}

TEST(Suspects, ThatWaitAloneLeaveTheDecisionToTheProbe) {
  World world({.weights = {1}, .probing = true});
  fail_all(world, 3);
  world.probes.clear();
  world.advance(700ms);
  ASSERT_FALSE(world.probes.empty());
  EXPECT_TRUE(world.loops[0]->upstream.under_way.empty()) << "none is tried";
  world.balancer.probe_ended(world.probes.back(), health::ProbeResult::passed, world.now);
  world.run();
  EXPECT_EQ(world.views()[0].state, health::State::healthy);
  world.advance(200ms);
  EXPECT_FALSE(world.loops[0]->upstream.under_way.empty());
  world.end_all(Outcome::http_error, 500);
  EXPECT_EQ(world.views()[0].state, health::State::healthy);
}

TEST(Suspects, WithNobodyInServiceAPassedProbeIsFollowedByAFreshPacketAtOnce) {
  World world({.weights = {1, 1}, .probing = true});
  TimePoint last = world.now;
  for (std::size_t probes = 0; probes < 2 || world.now - last < 600ms;) {
    world.advance(100ms);
    for (const ProbeOrder& order : world.probes) {
      world.balancer.probe_ended(order, health::ProbeResult::passed, world.now);
      last = world.now;
      ++probes;
    }
    world.probes.clear();
  }
  fail_all(world, 6);
  world.admit("fresh");
  world.advance(1ms);
  ASSERT_EQ(world.probes.size(), 2u) << "both are probed though their back-offs have just begun";
  EXPECT_EQ(world.views()[0].state, health::State::failed);
  world.balancer.probe_ended(world.probes[1], health::ProbeResult::passed, world.now);
  world.run();
  ASSERT_EQ(world.loops[0]->upstream.under_way.size(), 1u);
  EXPECT_EQ(world.loops[0]->upstream.under_way.front()->packet->id, "fresh");
  EXPECT_EQ(world.loops[0]->upstream.under_way.front()->analyzer, world.probes[1].analyzer);
  world.end(Outcome::delivered, 200);
  EXPECT_EQ(world.views()[world.probes[1].analyzer].state, health::State::healthy);
}

TEST(Suspects, AreOnlyThoseThatBrokeTheConnection) {
  World world({.weights = {1}});
  for (const char* id : {"front", "second", "third"}) world.admit(id);
  world.run();
  world.end(Outcome::connection_broken, 0, 0, true);
  world.end(Outcome::connection_broken, 0, 0, false);
  world.end(Outcome::connection_broken, 0, 0, false);
  EXPECT_EQ(world.views()[0].failures, 1u);
  world.advance(200ms);
  auto& under_way = world.loops[0]->upstream.under_way;
  ASSERT_EQ(under_way.size(), 3u);
  for (const core::Attempt* attempt : under_way) EXPECT_TRUE(attempt->alone) << attempt->packet->id;
  for (int i = 0; i < 3; ++i) world.end(Outcome::connection_broken);
  EXPECT_EQ(world.views()[0].failures, 3u) << "the second and the third fail for the first time now";
}

/// `suspects` packets on `loop` that wait for a slot again, all others delivered.
void make_suspects(World& world, int suspects, LoopId loop = 0) {
  for (int i = 0; i < suspects; ++i) {
    world.admit("bad" + std::to_string(i), 1, loop);
    world.run();
    world.end_all(Outcome::http_error, 500);
    world.admit("good");  // or they would fail the analyzer
    world.run();
    world.end_all(Outcome::http_error, 500);
  }
}

std::ptrdiff_t bad_under_way(const World& world) {
  std::ptrdiff_t bad = 0;
  for (const auto& loop : world.loops) {
    bad += std::ranges::count_if(loop->upstream.under_way,
                                 [](const auto* attempt) { return attempt->packet->id.starts_with("bad"); });
  }
  return bad;
}

TEST(Suspects, HoldAnEighthOfTheSlotsWhileOthersWait) {
  World world({.weights = {1}, .queue_packets = 1'000, .slots = 32, .max_rounds = 1'000});
  make_suspects(world, 50);
  for (int i = 0; i < 200; ++i) world.admit("good");
  world.run();
  world.advance(1s);
  auto& under_way = world.loops[0]->upstream.under_way;
  ASSERT_EQ(under_way.size(), 32u);
  // Those under way keep their slots; from then on one slot after the other goes as it is to.
  for (int i = 0; i < 100; ++i) {
    world.end(Outcome::delivered, 200);
    EXPECT_EQ(under_way.size(), 32u) << "work-conserving";
    EXPECT_LE(bad_under_way(world), 4);
  }
  EXPECT_GE(bad_under_way(world), 4) << "they are the oldest";
  world.deliver_everything();
}

TEST(Suspects, HoldOneSlotAtLeastAndAllThatIsLeftOver) {
  World world({.weights = {1}, .queue_packets = 1'000, .slots = 4, .max_rounds = 1'000});
  make_suspects(world, 20);
  world.advance(1s);
  EXPECT_EQ(bad_under_way(world), 4) << "nobody else waits";
  for (int i = 0; i < 20; ++i) world.admit("good");
  world.run();
  while (world.terms().queued.packets > 1) {
    const auto before = bad_under_way(world);
    world.end(Outcome::delivered, 200);
    EXPECT_LE(bad_under_way(world), std::max<std::ptrdiff_t>(1, before)) << "no more than one is begun";
    ASSERT_EQ(world.loops[0]->upstream.under_way.size(), 4u);
  }
  world.deliver_everything();
}

TEST(Suspects, OfOneLoopGetTheirShareWhileAnotherLoopHasAllTheRest) {
  World world({.weights = {1}, .loops = 2, .queue_packets = 10'000, .slots = 16, .max_rounds = 1'000});
  make_suspects(world, 10);
  world.advance(1ms);  // or none is older than the others
  for (int i = 0; i < 400; ++i) world.admit("good", 1, 1);
  world.run();
  world.advance(1s);
  std::size_t tried = 0;
  for (int i = 0; i < 300; ++i) {
    for (LoopId loop = 0; loop < 2; ++loop) {
      if (world.loops[loop]->upstream.under_way.empty()) continue;
      tried += loop == 0 ? 1 : 0;
      world.end(Outcome::delivered, 200, loop);
    }
    EXPECT_LE(bad_under_way(world), 2);
  }
  EXPECT_EQ(tried, 10u) << "they are older than what waits over there";
  world.deliver_everything();
}

TEST(Suspects, DoNotWaitForAnOlderOneThatIsUnderWayBeyondItsShare) {
  World world({.weights = {1}, .loops = 2, .slots = 8, .max_rounds = 1'000});
  make_suspects(world, 2);
  world.advance(50ms);  // their back-offs end before the third one's
  make_suspects(world, 1, 1);
  world.advance(1s);
  EXPECT_EQ(bad_under_way(world), 3);
  world.deliver_everything();
}

TEST(MaxAge, EndsAPacketThatWasAnsweredAndNoOther) {
  World world({.weights = {1}, .slots = 3, .max_rounds = 1'000, .max_age = 1min});
  for (const char* id : {"bad", "silent", "good"}) world.admit(id);
  world.run();
  world.end(Outcome::http_error, 500);
  world.end(Outcome::timeout);
  world.end(Outcome::delivered, 200);
  for (int second = 0; second < 62; ++second) {
    EXPECT_TRUE(second > 59 || world.dead_letters.letters.empty()) << "after " << second << " seconds";
    world.advance(1s);
    while (!world.loops[0]->upstream.under_way.empty()) {
      const bool silent = world.loops[0]->upstream.under_way.front()->packet->id == "silent";
      world.end(silent ? Outcome::timeout : Outcome::http_error, silent ? 0 : 500);
    }
  }
  ASSERT_EQ(world.dead_letters.letters.size(), 1u);
  EXPECT_EQ(world.dead_letters.letters[0],
            (std::pair<std::string, DeadLetterReason>{"bad", DeadLetterReason::max_age}));
  world.advance(10min);
  world.deliver_everything();
  EXPECT_EQ(world.terms().delivered.packets, 2);
}

TEST(MaxAge, LetsAnAttemptUnderWayDecide) {
  World world({.weights = {1, 1}, .max_age = 1min});
  world.admit("a");
  world.run();
  world.end(Outcome::http_error, 500);
  world.advance(2min);
  EXPECT_TRUE(world.dead_letters.letters.empty());
  world.end(Outcome::delivered, 200);
  EXPECT_EQ(world.terms().delivered.packets, 1);
  world.admit("b");
  world.run();
  world.end(Outcome::http_error, 500);
  world.advance(2min);
  world.end(Outcome::connection_broken);
  ASSERT_EQ(world.dead_letters.letters.size(), 1u);
  EXPECT_EQ(world.dead_letters.letters[0].second, DeadLetterReason::max_age);
}

}  // namespace
}  // namespace logdist::dispatch
