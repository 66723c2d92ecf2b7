// Who waits for whom, where an analyzer takes only some formats: what it does not take keeps no slot of it from
// others, and what it takes does, on whichever loop it waits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {
namespace {

using core::Protocol;
using core::ProtocolSet;

ProtocolSet just(Protocol protocol) {
  ProtocolSet set;
  set.add(protocol);
  return set;
}

std::deque<core::Attempt*>& under_way(World& world, LoopId loop = 0) { return world.loops[loop]->upstream.under_way; }

std::ptrdiff_t count_at(World& world, AnalyzerId analyzer, const std::string& prefix) {
  std::ptrdiff_t count = 0;
  for (const auto& loop : world.loops) {
    count += std::ranges::count_if(loop->upstream.under_way, [&](const core::Attempt* attempt) {
      return attempt->analyzer == analyzer && attempt->packet->id.starts_with(prefix);
    });
  }
  return count;
}

/// Ends the oldest attempt of `loop` at `analyzer`; false: there is none.
bool deliver_one(World& world, LoopId loop, AnalyzerId analyzer) {
  auto& attempts = under_way(world, loop);
  const auto found = std::ranges::find(attempts, analyzer, &core::Attempt::analyzer);
  if (found == attempts.end()) return false;
  core::Attempt* const attempt = *found;
  attempts.erase(found);
  attempts.push_front(attempt);
  world.end(Outcome::delivered, 200, loop);
  return true;
}

/// `suspects` packets of `protocol` on `loop` that wait for a slot again, all others delivered.
void make_suspects(World& world, Protocol protocol, int suspects, LoopId loop = 0) {
  for (int i = 0; i < suspects; ++i) {
    world.admit_as(protocol, "bad" + std::to_string(i), 1, loop);
    world.run();
    world.end_all(Outcome::http_error, 500);
    world.admit_as(protocol, "good", 1, loop);  // or they would fail the analyzer
    world.run();
    world.end_all(Outcome::http_error, 500);
  }
}

/// Two analyzers: one takes packets, the other OTLP.
WorldOptions two_kinds(std::uint32_t slots, std::size_t loops) {
  WorldOptions options;
  options.weights = {1, 1};
  options.formats = {just(Protocol::packet), just(Protocol::otlp)};
  options.slots = slots;
  options.loops = loops;
  options.queue_packets = 10'000;
  options.max_rounds = 1'000;
  return options;
}

TEST(Waiting, SuspectsHoldAnEighthWhileFreshOnesOfAFormatThatNotAllTakeWaitOnAnotherLoop) {
  World world(two_kinds(16, 2));
  make_suspects(world, Protocol::packet, 50);
  for (int i = 0; i < 16; ++i) world.admit_as(Protocol::packet, "filler");
  world.run();
  for (int i = 0; i < 400; ++i) world.admit_as(Protocol::packet, "good", 1, 1);
  world.advance(1s);  // the suspects are ready again, younger ones have all slots
  ASSERT_EQ(count_at(world, 0, "filler"), 16);
  for (int i = 0; i < 300; ++i) {
    // The loop of the suspects is the first to know of a slot.
    if (!deliver_one(world, 0, 0)) deliver_one(world, 1, 0);
    EXPECT_LE(count_at(world, 0, "bad"), 2);
    ASSERT_EQ(count_at(world, 0, ""), 16) << "work-conserving";
  }
  world.deliver_everything();
  EXPECT_EQ(world.terms().queued.packets, 0);
}

TEST(Waiting, FreshOnesThatMayGoToOneAnalyzerOnlyCountToo) {
  World world({.weights = {1, 1}, .loops = 2, .queue_packets = 1'000, .slots = 8, .max_rounds = 1'000});
  make_suspects(world, Protocol::packet, 30);
  for (int i = 0; i < 16; ++i) world.admit("filler");
  world.run();
  Dispatcher& dispatcher = *world.loops[1]->dispatcher;
  for (int i = 0; i < 20; ++i) {
    queue::Delivery& delivery = dispatcher.make();
    delivery.packet.id = "only";
    delivery.packet.messages = 1;
    delivery.packet.body = world.buffers.take(16);
    delivery.packet.body.append("0123456789");
    delivery.retry_state.set_only(1);
    dispatcher.admit(delivery, world.waiter, world.now);
  }
  world.run();
  world.advance(1s);
  for (int i = 0; i < 24; ++i) {
    if (!deliver_one(world, 0, 1)) deliver_one(world, 1, 1);
    EXPECT_LE(count_at(world, 1, "bad"), i < 8 ? 1 : 8) << "while such wait";
    ASSERT_EQ(count_at(world, 1, ""), 8);
  }
  while (deliver_one(world, 0, 0)) {
    if (count_at(world, 0, "bad") == 8) break;
  }
  EXPECT_EQ(count_at(world, 0, "bad"), 8) << "nobody fresh waits for this one";
  world.deliver_everything();
}

TEST(Waiting, SuspectsTakeAllThatFreshOnesOfAnotherFormatCannotUse) {
  for (const std::size_t loops : {1u, 2u}) {
    World world(two_kinds(16, loops));
    make_suspects(world, Protocol::packet, 50);
    for (int i = 0; i < 40; ++i) world.admit_as(Protocol::otlp, "otlp", 1, static_cast<LoopId>(loops - 1));
    world.run();
    world.advance(1s);
    EXPECT_EQ(count_at(world, 1, "otlp"), 16) << "and others wait";
    EXPECT_EQ(count_at(world, 0, "bad"), 16) << loops << " loops";
    world.deliver_everything();
  }
}

/// As above, but what waits could go to an analyzer that both take, and that is full.
TEST(Waiting, SuspectsTakeWhatIsFreeElsewhereWhileTheirShareIsHeldWhereOthersWait) {
  WorldOptions options = two_kinds(16, 2);
  options.weights = {1, 1};
  options.formats = {ProtocolSet::all(), just(Protocol::packet)};
  World world(options);
  make_suspects(world, Protocol::packet, 60);
  for (int i = 0; i < 16; ++i) world.admit_as(Protocol::otlp, "filler");
  world.run();
  for (int i = 0; i < 60; ++i) world.admit_as(Protocol::otlp, "otlp", 1, 1);
  world.run();
  ASSERT_EQ(count_at(world, 0, "filler"), 16);
  world.advance(1s);
  EXPECT_EQ(count_at(world, 1, "bad"), 16) << "OTLP cannot go there";
  for (int i = 0; i < 40; ++i) {
    if (!deliver_one(world, 0, 0)) deliver_one(world, 1, 0);
    EXPECT_LE(count_at(world, 0, "bad"), 2);
    ASSERT_EQ(count_at(world, 0, ""), 16);
  }
  world.deliver_everything();
}

TEST(Waiting, ASlotGoesToTheOldestOfItsFormatOnWhicheverLoop) {
  World world(two_kinds(4, 2));
  for (int i = 0; i < 4; ++i) world.admit_as(Protocol::otlp, "first", 1, 0);
  world.run();
  world.advance(1ms);
  for (int i = 0; i < 4; ++i) world.admit_as(Protocol::otlp, "older", 1, 1);
  world.run();
  world.advance(1ms);
  for (int i = 0; i < 8; ++i) world.admit_as(Protocol::otlp, "younger", 1, 0);
  world.run();
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(deliver_one(world, 0, 1));
    EXPECT_EQ(count_at(world, 1, "older"), i + 1);
    EXPECT_EQ(count_at(world, 1, "younger"), 0);
    EXPECT_EQ(count_at(world, 1, ""), 4);
  }
  world.deliver_everything();
}

TEST(Waiting, AnOlderPacketOfAnotherFormatHoldsUpNobody) {
  World world(two_kinds(4, 2));
  for (int i = 0; i < 8; ++i) world.admit_as(Protocol::otlp, "otlp", 1, 1);
  world.run();
  world.advance(1ms);
  for (int i = 0; i < 8; ++i) world.admit_as(Protocol::packet, "packet", 1, 0);
  world.run();
  EXPECT_EQ(count_at(world, 0, "packet"), 4);
  ASSERT_TRUE(deliver_one(world, 0, 0));
  EXPECT_EQ(count_at(world, 0, "packet"), 4);
  world.deliver_everything();
}

TEST(Waiting, AYoungerPacketGoesWhereTheOlderOnesOfAnotherLoopMayNot) {
  WorldOptions options = two_kinds(4, 2);
  options.formats = {just(Protocol::packet), ProtocolSet::all()};
  World world(options);
  for (int i = 0; i < 4; ++i) world.admit_as(Protocol::packet, "filler", 1, 0);
  for (int i = 0; i < 4; ++i) world.admit_as(Protocol::packet, "filler", 1, 0);
  world.run();
  for (int i = 0; i < 2; ++i) world.admit_as(Protocol::otlp, "otlp", 1, 1);
  world.run();
  world.advance(1ms);
  for (int i = 0; i < 4; ++i) world.admit_as(Protocol::packet, "young", 1, 0);
  world.run();
  ASSERT_TRUE(deliver_one(world, 0, 1));
  EXPECT_EQ(count_at(world, 1, "otlp"), 1) << "the older one";
  ASSERT_TRUE(deliver_one(world, 0, 0));
  EXPECT_EQ(count_at(world, 0, "young"), 1) << "OTLP cannot go there";
  ASSERT_TRUE(deliver_one(world, 0, 1));
  EXPECT_EQ(count_at(world, 1, "otlp"), 2);
  ASSERT_TRUE(deliver_one(world, 0, 1));
  EXPECT_EQ(count_at(world, 1, "young"), 1);
  world.deliver_everything();
}

/// Fails `analyzer`, which is the only one that takes `protocol`, by packets of loop 0 that have begun with "bad".
void fail(World& world, Protocol protocol, AnalyzerId analyzer) {
  for (int i = 0; i < 3; ++i) {
    world.admit_as(protocol, "bad" + std::to_string(i));
    world.run();
  }
  world.end_all(Outcome::http_error, 500);
  ASSERT_EQ(world.views()[analyzer].state, health::State::failed);
}

TEST(Waiting, AnAnalyzerIsTestedWithAFreshPacketThatItTakesOrBySuspects) {
  World world(two_kinds(4, 2));
  fail(world, Protocol::otlp, 1);
  // Fresh ones wait, which it does not take: without a probe to decide a suspect is tried.
  for (int i = 0; i < 8; ++i) world.admit_as(Protocol::packet, "packet", 1, 1);
  world.run();
  ASSERT_EQ(count_at(world, 0, "packet"), 4);
  world.advance(700ms);
  EXPECT_EQ(count_at(world, 1, "bad"), 1);
  world.deliver_everything();
  EXPECT_EQ(world.views()[1].state, health::State::healthy);
}

TEST(Waiting, AnAnalyzerWhoseProbeHasPassedIsTrustedWhileOnlyOtherFormatsWait) {
  WorldOptions options = two_kinds(4, 2);
  options.probing = true;
  World world(options);
  fail(world, Protocol::otlp, 1);
  for (int i = 0; i < 8; ++i) world.admit_as(Protocol::packet, "packet", 1, 1);
  world.probes.clear();
  world.advance(700ms);
  const auto probe = std::ranges::find(world.probes, AnalyzerId{1}, &ProbeOrder::analyzer);
  ASSERT_NE(probe, world.probes.end());
  world.balancer.probe_ended(*probe, health::ProbeResult::passed, world.now);
  world.run();
  EXPECT_EQ(world.views()[1].state, health::State::healthy);
  world.deliver_everything();
}

TEST(Waiting, AnAnalyzerIsNotTrustedForASuspectWhileAFreshPacketOfAnotherLoopCouldTestIt) {
  WorldOptions options = two_kinds(4, 2);
  World world(options);
  fail(world, Protocol::otlp, 1);
  world.admit_as(Protocol::otlp, "fresh", 1, 1);
  world.advance(700ms);
  EXPECT_EQ(count_at(world, 1, "fresh"), 1);
  EXPECT_EQ(count_at(world, 1, "bad"), 0);
  world.deliver_everything();
  EXPECT_EQ(world.views()[1].state, health::State::healthy);
}

TEST(Waiting, WithNobodyInServiceForAFormatAPassedProbeIsFollowedByAFreshPacketAtOnce) {
  WorldOptions options = two_kinds(4, 1);
  options.weights = {1, 1, 1};
  options.formats.push_back(just(Protocol::packet));
  options.probing = true;
  World world(options);
  const auto probed = [&world](AnalyzerId analyzer) {
    return std::ranges::count(world.probes, analyzer, &ProbeOrder::analyzer);
  };
  for (TimePoint last = world.now; world.now - last < 600ms;) {  // until the last probe is that long ago
    world.advance(100ms);
    if (!world.probes.empty()) last = world.now;
    for (const ProbeOrder& order : std::exchange(world.probes, {})) {
      world.balancer.probe_ended(order, health::ProbeResult::passed, world.now);
    }
  }
  fail(world, Protocol::otlp, 1);
  world.admit_as(Protocol::otlp, "fresh");
  world.advance(1ms);
  EXPECT_EQ(world.views()[1].state, health::State::failed);
  ASSERT_EQ(probed(1), 1) << "though the others are in service";
  EXPECT_EQ(probed(0) + probed(2), 0);
  const auto probe = std::ranges::find(world.probes, AnalyzerId{1}, &ProbeOrder::analyzer);
  world.balancer.probe_ended(*probe, health::ProbeResult::passed, world.now);
  world.run();
  ASSERT_EQ(count_at(world, 1, "fresh"), 1);
  world.deliver_everything();
  EXPECT_EQ(world.views()[1].state, health::State::healthy);
}

TEST(Waiting, AFailedOneIsLeftAloneWhileAnotherIsInServiceForAllThatItTakes) {
  WorldOptions options = two_kinds(4, 1);
  options.weights = {1, 1, 1};
  options.formats.push_back(ProtocolSet::all());
  options.probing = true;
  World world(options);
  for (int i = 0; i < 8; ++i) world.admit_as(Protocol::otlp, "bad");
  world.run();
  while (!under_way(world).empty()) {
    const bool fails = under_way(world).front()->analyzer == 1;
    world.end(fails ? Outcome::connect_error : Outcome::delivered, fails ? 0 : 200);
  }
  ASSERT_EQ(world.views()[1].state, health::State::failed);
  world.probes.clear();
  world.advance(300ms);
  EXPECT_EQ(std::ranges::count(world.probes, AnalyzerId{1}, &ProbeOrder::analyzer), 0);
  world.deliver_everything();
}

TEST(Waiting, OneThatIsAddedServesThoseThatWaitAlready) {
  World world(two_kinds(2, 2));
  for (int i = 0; i < 4; ++i) world.admit_as(Protocol::otlp, "otlp", 1, 1);
  world.run();
  world.advance(1ms);
  for (int i = 0; i < 6; ++i) world.admit_as(Protocol::packet, "packet", 1, 0);
  world.run();
  world.balancer.add({1, 2, 2, 0, just(Protocol::packet)}, world.now);
  world.run();
  EXPECT_EQ(count_at(world, 2, "packet"), 2) << "though older ones wait that it does not take";
  world.balancer.add({1, 2, 2, 0, just(Protocol::otlp)}, world.now);
  world.run();
  EXPECT_EQ(count_at(world, 3, "otlp"), 2);
  world.deliver_everything();
  EXPECT_EQ(world.terms().queued.packets, 0);
}

TEST(Waiting, EndsThoughLoopsWaitForDifferentAnalyzers) {
  // Each loop has an older packet for the analyzer that the other's younger ones want, and a third is idle.
  WorldOptions options = two_kinds(1, 2);
  options.weights = {1, 1, 1};
  options.formats = {just(Protocol::packet), just(Protocol::otlp), just(Protocol::loki)};
  World world(options);
  for (int round = 0; round < 20; ++round) {
    world.admit_as(round % 2 == 0 ? Protocol::otlp : Protocol::packet, "a", 1, 0);
    world.run();
    world.advance(1ms);
    world.admit_as(round % 2 == 0 ? Protocol::packet : Protocol::otlp, "b", 1, 1);
    world.run();
    world.advance(1ms);
  }
  world.deliver_everything();  // each step ends: no loop wakes another for nothing
  EXPECT_EQ(world.terms().delivered.packets, 40);
}

}  // namespace
}  // namespace logdist::dispatch
