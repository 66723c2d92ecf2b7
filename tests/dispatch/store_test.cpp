// Packets that a store keeps: the 202 leaves when they are safe, whichever way.
#include <gtest/gtest.h>

#include <deque>
#include <utility>
#include <vector>

#include "tests/dispatch/scripted_store.hpp"
#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {
namespace {

using queue::Admission;
using queue::Delivery;
using queue::DeliveryState;
using queue::SettledAs;
using queue::Settlement;
using queue::Store;
using queue::StoreOutcome;

using Settled = std::vector<std::pair<std::uint64_t, SettledAs>>;

class StoreTest : public testing::Test {
 protected:
  StoreTest() { store_.world = &world_; }

  Dispatcher& dispatcher() { return *world_.loops[0]->dispatcher; }

  /// Reads back the packet with that id, as after it was dropped.
  void restore(std::uint64_t store_id, std::uint32_t messages, TimePoint admitted_at) {
    Delivery& delivery = dispatcher().make();
    delivery.packet.id = "again";
    delivery.packet.messages = messages;
    delivery.store_id = store_id;
    EXPECT_TRUE(world_.bounds.try_take(delivery.packet.queue_bytes()));
    dispatcher().restore(delivery, true, admitted_at);
    world_.run();
  }

  void expect_nothing_held() {
    EXPECT_TRUE(dispatcher().idle());
    EXPECT_EQ(world_.bounds.packets(), 0u);
    EXPECT_EQ(world_.bounds.bytes(), 0u);
    EXPECT_EQ(dispatcher().oldest_admitted(), never);
  }

  ScriptedStore store_;
  World world_{{.weights = {1}, .slots = 1, .store = &store_}};
  RecordingWaiter& waiter_ = world_.waiter;
};

TEST_F(StoreTest, IsAnsweredWhenItIsStoredAndDeliveredMeanwhile) {
  EXPECT_EQ(world_.admit("a", 3), Admission::pending);
  world_.run();
  EXPECT_EQ(world_.terms().in_flight.packets, 1) << "the disk is not waited for";
  EXPECT_EQ(waiter_.told_stored, 0);
  store_.report(StoreOutcome::durable);
  EXPECT_EQ(waiter_.told_stored, 1);
  world_.end(Outcome::delivered, 200);
  EXPECT_EQ(waiter_.told_stored, 1);
  EXPECT_EQ(waiter_.told, 0);
  EXPECT_EQ(store_.settled, (Settled{{1, SettledAs::delivered}}));
  EXPECT_GT(store_.flushes, 0);
  expect_nothing_held();
}

TEST_F(StoreTest, IsOnItsWayToTheDiskAfterATurnAlsoWhenItIsOnlyThere) {
  store_.answer = Store::Answer::on_disk_only;
  world_.admit("a");
  EXPECT_EQ(store_.flushes, 0);
  world_.run();
  EXPECT_GT(store_.flushes, 0);
  store_.report(StoreOutcome::durable);
  EXPECT_EQ(waiter_.told_stored, 1);
}

TEST_F(StoreTest, IsAnsweredWhenAnAnalyzerHasItBeforeTheDisk) {
  world_.admit("a");
  world_.run();
  const Delivery* const delivery = store_.due.front();
  world_.end(Outcome::delivered, 200);
  EXPECT_EQ(waiter_.told_stored, 1);
  EXPECT_EQ(waiter_.told, 0);
  EXPECT_EQ(store_.settled, (Settled{{1, SettledAs::delivered}}));
  EXPECT_NE(&dispatcher().make(), delivery) << "its bytes are still read";
  store_.report(StoreOutcome::elided);
  EXPECT_EQ(&dispatcher().make(), delivery);
}

TEST_F(StoreTest, AnAgentThatHasItsAnswerIsNotAskedAgain) {
  world_.admit("a");
  world_.run();
  store_.report(StoreOutcome::durable);
  world_.end(Outcome::http_error, 500);
  world_.advance(40s);
  EXPECT_EQ(waiter_.told, 0) << "it waits for no delivery";
  EXPECT_EQ(waiter_.told_stored, 1);
  world_.deliver_everything();
  EXPECT_EQ(world_.terms().delivered.packets, 1);
}

TEST_F(StoreTest, WhatTheDiskRefusesIsHandedBackUnlessItIsUnderWay) {
  world_.admit("under way");
  world_.admit("not under way");
  world_.run();
  ASSERT_EQ(world_.terms().in_flight.packets, 1);
  ASSERT_EQ(world_.terms().queued.packets, 1);
  store_.report(StoreOutcome::failed);
  EXPECT_EQ(waiter_.told, 0) << "its attempt decides";
  store_.report(StoreOutcome::failed);
  EXPECT_EQ(waiter_.told, 1);
  EXPECT_EQ(waiter_.last, Settlement::not_stored);
  EXPECT_EQ(world_.terms().handed_back.packets, 1);
  world_.end(Outcome::delivered, 200);
  EXPECT_EQ(waiter_.told, 2);
  EXPECT_EQ(waiter_.last, Settlement::delivered) << "200: an analyzer has it, the disk has not";
  EXPECT_EQ(waiter_.told_stored, 0);
  EXPECT_TRUE(store_.settled.empty()) << "the store knows nothing of them";
  expect_nothing_held();
}

TEST_F(StoreTest, AFullDiskMakesTheRequestWaitForItsDelivery) {
  world_.admit("first");
  world_.admit("second");
  world_.run();
  store_.report(StoreOutcome::no_space);
  store_.report(StoreOutcome::no_space);
  EXPECT_EQ(waiter_.told, 0);
  EXPECT_EQ(world_.terms().waiting.packets, 1);
  EXPECT_EQ(world_.bounds.packets(), 0u);
  store_.answer = Store::Answer::refused;
  RecordingWaiter late;
  world_.admit_waiting(late, "third");
  EXPECT_EQ(world_.loops[0]->ledger.snapshot().ingest.caller_runs, 1u);
  world_.deliver_everything();
  EXPECT_EQ(waiter_.told, 2);
  EXPECT_EQ(late.last, Settlement::delivered);
  expect_nothing_held();
}

TEST_F(StoreTest, AWaitForTheDiskHasAnEnd) {
  world_.admit("under way");
  world_.admit("not under way");
  store_.answer = Store::Answer::on_disk_only;
  world_.admit("not in memory");
  world_.run();
  world_.advance(31s);
  EXPECT_EQ(waiter_.told, 2);
  EXPECT_EQ(world_.terms().handed_back.packets, 1);
  EXPECT_EQ(store_.settled, (Settled{{2, SettledAs::handed_back}}));
  EXPECT_EQ(world_.terms().spilled.packets, 1) << "the disk may have it, so it is not given up";
  for (int i = 0; i < 3; ++i) store_.report(StoreOutcome::durable);
  EXPECT_EQ(world_.terms().spilled.packets, 1);
  world_.end(Outcome::delivered, 200);
}

TEST_F(StoreTest, WhatMemoryHasNoPlaceForIsDroppedAndComesBack) {
  store_.answer = Store::Answer::on_disk_only;
  EXPECT_EQ(world_.admit("a", 4), Admission::pending);
  world_.run();
  EXPECT_EQ(world_.terms().in_flight.packets, 0) << "older ones are on the disk";
  EXPECT_EQ(world_.terms().spilled, (ledger::Amount{1, 4}));
  EXPECT_FALSE(dispatcher().idle()) << "its request waits for the disk";
  const Delivery* const delivery = store_.due.front();
  store_.report(StoreOutcome::durable);
  EXPECT_EQ(waiter_.told_stored, 1);
  expect_nothing_held();
  EXPECT_EQ(world_.terms().spilled, (ledger::Amount{1, 4}));
  EXPECT_TRUE(store_.settled.empty());
  EXPECT_EQ(delivery->state, DeliveryState::free);

  const TimePoint then = world_.now;
  world_.advance(5s);
  restore(1, 4, then);
  EXPECT_EQ(dispatcher().oldest_admitted(), then);
  EXPECT_EQ(world_.terms().spilled, ledger::Amount{});
  world_.end(Outcome::delivered, 200);
  EXPECT_EQ(store_.settled, (Settled{{1, SettledAs::delivered}}));
  expect_nothing_held();
}

TEST_F(StoreTest, WhatTheFullDiskRefusesAfterAllIsDeliveredFromMemory) {
  store_.answer = Store::Answer::on_disk_only;
  world_.admit("no space");
  world_.admit("failed");
  world_.run();
  store_.report(StoreOutcome::no_space);
  store_.report(StoreOutcome::failed);
  EXPECT_EQ(waiter_.told, 1);
  EXPECT_EQ(waiter_.last, Settlement::not_stored);
  EXPECT_EQ(world_.terms().spilled.packets, 0);
  world_.end(Outcome::delivered, 200);
  EXPECT_EQ(waiter_.told, 2);
  EXPECT_EQ(waiter_.last, Settlement::delivered);
  expect_nothing_held();
}

TEST_F(StoreTest, AnAgentThatHasGoneLeavesItsPacket) {
  Delivery& delivery = dispatcher().make();
  delivery.packet.messages = 1;
  dispatcher().admit(delivery, waiter_, world_.now);
  world_.run();
  dispatcher().abandon(delivery, world_.now);
  store_.report(StoreOutcome::durable);
  world_.end(Outcome::http_error, 500);
  world_.advance(1s);
  world_.deliver_everything();
  EXPECT_EQ(world_.terms().delivered.packets, 1);
  EXPECT_EQ(waiter_.told + waiter_.told_stored, 0);
}

TEST_F(StoreTest, TheDrainWaitsForTheDiskAndGivesUpNothingThatIsStored) {
  world_.admit("under way");
  world_.admit("stored");
  store_.answer = Store::Answer::refused;
  RecordingWaiter waiting;
  world_.admit_waiting(waiting, "waiting");
  world_.run();
  dispatcher().begin_drain(world_.now);
  EXPECT_EQ(waiting.last, Settlement::handed_back);
  EXPECT_EQ(waiter_.told, 0) << "those are stored in a moment";
  for (int i = 0; i < 2; ++i) store_.report(StoreOutcome::durable);
  EXPECT_EQ(waiter_.told_stored, 2);
  dispatcher().give_up(world_.now);
  world_.end(Outcome::unsent);
  EXPECT_EQ(world_.terms().waiting.packets + world_.terms().queued.packets, 2) << "they stay, here and on the disk";
  EXPECT_TRUE(store_.settled.empty());
  EXPECT_TRUE(world_.dead_letters.letters.empty());
}

TEST_F(StoreTest, ADeadLetterIsSettledAsOne) {
  world_.admit("refused");
  world_.run();
  world_.end(Outcome::refused, 422);
  EXPECT_EQ(waiter_.told_stored, 1) << "it is kept, as a dead letter";
  EXPECT_EQ(store_.settled, (Settled{{1, SettledAs::dead_lettered}}));
  store_.report(StoreOutcome::durable);
  expect_nothing_held();
}

TEST_F(StoreTest, ADeadLetterThatIsNotStoredIsKeptAllTheSame) {
  store_.answer = Store::Answer::refused;
  World world({.weights = {1, 1}, .ack_delivered = true, .store = &store_});
  store_.world = &world;
  world.admit("refused");
  world.run();
  world.end(Outcome::refused, 400);
  world.run();
  world.end(Outcome::refused, 400);
  world.run();
  EXPECT_EQ(store_.letters, std::vector<std::string>{"refused"});
  EXPECT_TRUE(store_.settled.empty());
  EXPECT_EQ(world.dead_letters.letters.size(), 1u);
  store_.world = &world_;
}

}  // namespace
}  // namespace logdist::dispatch
