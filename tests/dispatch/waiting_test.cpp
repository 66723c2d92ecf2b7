// Who waits for whom, where an analyzer takes only some formats: what it does not take keeps no slot of it from
// others, and what it takes does, on whichever loop it waits.
#include <gtest/gtest.h>

#include <cstddef>

#include "tests/dispatch/formats_world.hpp"

namespace logdist::dispatch {
namespace {

using core::Protocol;
using core::ProtocolSet;

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

TEST(Waiting, ASlotGoesToAnOlderSuspectThatHasAskedSomeOnWhicheverLoop) {
  World world({.weights = {1, 1}, .loops = 2, .queue_packets = 1'000, .slots = 4});
  world.admit("bad");
  world.run();
  const AnalyzerId failed = attempts_of(world).front()->analyzer;
  const AnalyzerId other = 1 - failed;
  world.advance(1ms);
  for (int i = 0; i < 20; ++i) world.admit("good", 1, 1);
  world.run();
  world.end(Outcome::http_error, 500);
  ASSERT_EQ(count_at(world, other, "good"), 4);
  ASSERT_TRUE(deliver_one(world, 1, failed));
  EXPECT_EQ(count_at(world, failed, "good"), 4) << "it is not for that one";
  ASSERT_TRUE(deliver_one(world, 1, other));
  EXPECT_EQ(count_at(world, other, "bad"), 1);
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
