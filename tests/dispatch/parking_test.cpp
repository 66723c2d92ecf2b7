// Packets that hold all places, and are of no use to the analyzers that have room, leave them to those on the disk.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/dispatch/scripted_store.hpp"
#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {
namespace {

using core::Protocol;
using core::ProtocolSet;
using queue::FetchOutcome;

class Parking : public testing::Test {
 protected:
  explicit Parking(WorldOptions options = {.weights = {1, 1}, .queue_packets = 2})
      : world_((options.store = &store_, options)) {
    store_.world = &world_;
  }

  Dispatcher& dispatcher() { return *world_.loops[0]->dispatcher; }

  /// In memory, and on the disk.
  void admit(const std::string& id, Protocol protocol = Protocol::packet) {
    store_.answer = Store::Answer::in_memory;
    world_.admit_as(protocol, id, 2);
    store_.report(StoreOutcome::durable);
  }
  /// On the disk only: it waits for a place.
  std::uint64_t spill(const std::string& id) {
    store_.answer = Store::Answer::on_disk_only;
    world_.admit(id, 2);
    store_.report(StoreOutcome::durable);
    store_.wanted = 10;
    return store_.last_id;
  }
  /// What was offered is taken: `id` comes from the disk.
  void exchange(std::uint64_t store_id, const std::string& id) {
    Delivery& delivery = dispatcher().make();
    delivery.packet.id = id;
    delivery.packet.messages = 2;
    delivery.packet.body = world_.buffers.take(16);
    delivery.packet.body.append("0123456789");
    delivery.store_id = store_id;
    dispatcher().offer_ended();
    dispatcher().restore_in_exchange(delivery, world_.now);
    world_.run();
  }
  /// The oldest fetch that is wanted ends so.
  void fetched(FetchOutcome outcome) {
    ASSERT_FALSE(store_.fetches.empty());
    Delivery& delivery = *store_.fetches.front();
    store_.fetches.pop_front();
    if (outcome == FetchOutcome::here || outcome == FetchOutcome::exchanged) {
      delivery.packet.body = world_.buffers.take(16);
      delivery.packet.body.append("0123456789");
    }
    if (outcome == FetchOutcome::here) {
      ASSERT_TRUE(world_.bounds.try_take(delivery.parked_bytes));
    }
    dispatcher().fetched(delivery, outcome, world_.now);
    world_.run();
  }
  void turn() {
    dispatcher().turn(world_.now);
    world_.run();
  }
  /// Two bad ones hold all places, between their rounds.
  void fill() {
    admit("bad0");
    admit("bad1");
    world_.run();
    world_.end_all(Outcome::http_error, 500);
    ASSERT_EQ(world_.terms().waiting.packets, 2);
    ASSERT_EQ(world_.bounds.packets(), 2u);
  }
  ledger::Terms terms() const { return world_.terms(); }

  ScriptedStore store_;
  World world_;
};

TEST_F(Parking, WhatFailsLeavesItsPlaceToWhatWaitsOnTheDisk) {
  fill();
  EXPECT_TRUE(store_.offers.empty()) << "nothing waits";
  const std::uint64_t good = spill("good");
  turn();
  EXPECT_EQ(store_.offers, (std::vector<std::pair<std::size_t, std::size_t>>{{1, 10}})) << "an eighth, at least one";
  turn();
  EXPECT_EQ(store_.offers.size(), 1u) << "one at a time";
  EXPECT_EQ(terms().spilled.packets, 1);

  exchange(good, "good");
  EXPECT_EQ(terms().spilled, (ledger::Amount{1, 2})) << "one for one";
  EXPECT_EQ(terms().waiting.packets, 1);
  EXPECT_EQ(terms().in_flight.packets, 1);
  EXPECT_EQ(world_.bounds.packets(), 2u);
  store_.wanted = 0;
  world_.end(Outcome::delivered, 200);
  EXPECT_EQ(terms().delivered.packets, 1);
  EXPECT_FALSE(dispatcher().idle());
}

TEST_F(Parking, AParkedPacketGoesOnWhereItWas) {
  fill();
  const auto go_on = [this] {
    world_.advance(100ms);
    world_.end_all(Outcome::http_error, 500);
    if (!store_.fetches.empty()) fetched(FetchOutcome::exchanged);
    world_.end_all(Outcome::http_error, 500);
  };
  for (int i = 0; world_.dead_letters.letters.size() < 2; ++i) {
    ASSERT_LT(i, 1000);
    exchange(spill("good"), "good");  // shows whose fault it is
    store_.wanted = 0;
    go_on();
  }
  for (int i = 0; !dispatcher().idle(); ++i) {
    ASSERT_LT(i, 1000);
    go_on();
  }
  EXPECT_GE(world_.dead_letters.last_attempts, 6u) << "of three rounds that count, at two analyzers";
  EXPECT_EQ(world_.dead_letters.last_failed.size(), 2u);
  for (const auto& [id, reason] : world_.dead_letters.letters) {
    EXPECT_TRUE(id.starts_with("bad"));
    EXPECT_EQ(reason, DeadLetterReason::max_rounds);
  }
  EXPECT_TRUE(dispatcher().idle());
  EXPECT_EQ(world_.bounds.packets(), 0u);
  EXPECT_EQ(world_.bounds.bytes(), 0u);
  EXPECT_EQ(terms().spilled, ledger::Amount{});
}

TEST_F(Parking, InAnOutageEverythingStaysWhereItIs) {
  fill();
  for (const AnalyzerId analyzer : {AnalyzerId{0}, AnalyzerId{1}})
    world_.balancer.set_drained(analyzer, true, world_.now);
  spill("good");
  for (int i = 0; i < 100; ++i) {
    turn();
    world_.advance(100ms);
  }
  EXPECT_TRUE(store_.offers.empty());
  EXPECT_EQ(terms().spilled.packets, 1);
  EXPECT_EQ(terms().waiting.packets, 2);
}

TEST_F(Parking, WithoutAPlaceToGiveWhatComesIsParkedItself) {
  fill();
  const std::uint64_t good = spill("good");
  turn();
  world_.advance(200ms);  // the bad ones are under way now
  ASSERT_EQ(terms().in_flight.packets, 2);
  exchange(good, "good");
  EXPECT_EQ(terms().spilled.packets, 1);
  EXPECT_EQ(world_.bounds.packets(), 2u) << "never more than there are places";
  EXPECT_EQ(store_.fetches.size(), 1u) << "for there is room at the analyzers";
  fetched(FetchOutcome::exchanged);
  EXPECT_EQ(terms().spilled.packets, 1) << "and still no place";
  world_.end_all(Outcome::http_error, 500);
  world_.advance(1s);
  world_.end_all(Outcome::http_error, 500);
  ASSERT_FALSE(store_.fetches.empty());
  fetched(FetchOutcome::exchanged);
  EXPECT_EQ(terms().spilled.packets, 1) << "a bad one is parked for it";
  world_.end_all(Outcome::http_error, 500);
  EXPECT_EQ(terms().delivered.packets, 1);
}

TEST_F(Parking, ADiskThatRefusesIsAskedAgainAndDamageIsALoss) {
  fill();
  exchange(spill("good"), "good");
  store_.wanted = 0;
  world_.end(Outcome::delivered, 200);
  world_.advance(200ms);
  world_.end_all(Outcome::http_error, 500);
  ASSERT_EQ(store_.fetches.size(), 1u);
  fetched(FetchOutcome::unavailable);
  EXPECT_TRUE(store_.fetches.empty());
  EXPECT_EQ(terms().spilled.packets, 1);
  world_.advance(1s);
  ASSERT_EQ(store_.fetches.size(), 1u);
  fetched(FetchOutcome::lost);
  EXPECT_EQ(terms().spilled.packets, 0);
  EXPECT_EQ(terms().lost, (ledger::Amount{1, 2}));
}

TEST_F(Parking, AnAnalyzerThatIsGoneIsForgottenByThem) {
  fill();
  exchange(spill("good"), "good");
  const AnalyzerId gone = 0;
  dispatcher().forget(std::span(&gone, 1));
  world_.end(Outcome::delivered, 200);
  world_.advance(200ms);
  ASSERT_EQ(store_.fetches.size(), 1u);
  fetched(FetchOutcome::here);
  EXPECT_EQ(terms().spilled.packets, 0);
}

TEST_F(Parking, TheDrainWaitsForThemAndLeavesThemOnTheDisk) {
  fill();
  exchange(spill("good"), "good");
  store_.wanted = 0;
  world_.end(Outcome::delivered, 200);
  dispatcher().begin_drain(world_.now);
  EXPECT_FALSE(dispatcher().idle());
  const std::size_t settled = store_.settled.size();
  dispatcher().give_up(world_.now);
  world_.advance(20s);
  EXPECT_EQ(store_.settled.size(), settled);
  EXPECT_TRUE(world_.dead_letters.letters.empty());
  EXPECT_EQ(terms().spilled.packets, 1);
}

/// More bad ones than are read again at a time, all parked.
class ParkingOfMany : public Parking {
 protected:
  static constexpr std::size_t count = 24;

  ParkingOfMany() : Parking({.weights = {1, 1}, .queue_packets = count, .max_rounds = 1'000'000}) {
    for (std::size_t i = 0; i < count; ++i) {
      world_.advance(1ms);
      for (const std::string id : {"good", "bad"}) {  // so the analyzers stay in service
        admit(id + std::to_string(i));
        world_.run();
        world_.end_all(Outcome::http_error, 500);
      }
    }
    for (std::size_t i = 0; i < count; ++i) exchange(spill("good"), "good");
    world_.end_all(Outcome::http_error, 500);
    EXPECT_EQ(terms().spilled.packets, static_cast<std::int64_t>(count));
    store_.wanted = 0;
  }
};

TEST_F(ParkingOfMany, AGoodOneIsReadThoughAllThatAreOlderWaitToBe) {
  world_.advance(1s);
  ASSERT_EQ(store_.fetches.size(), 16u);
  for (std::size_t i = 0; i < count; ++i) admit("under way" + std::to_string(i));
  world_.run();
  ASSERT_EQ(world_.bounds.packets(), count);
  exchange(spill("good"), "good");
  ASSERT_EQ(store_.fetches.size(), 17u);
  EXPECT_EQ(store_.fetches.back()->packet.id, "good");
}

TEST_F(ParkingOfMany, EachHasItsTurn) {
  for (std::size_t i = 2; i < count; ++i) ASSERT_TRUE(world_.bounds.try_take(10));
  std::set<std::string> read;
  for (std::size_t step = 0; step < 2 * count; ++step) {
    world_.advance(60s);  // all that are not read are due again
    ASSERT_FALSE(store_.fetches.empty());
    read.insert(store_.fetches.front()->packet.id);
    fetched(FetchOutcome::exchanged);  // one that was read before is parked for it
    world_.end_all(Outcome::http_error, 500);
  }
  EXPECT_EQ(read.size(), count);
}

class ParkingOfTheOld : public Parking {
 protected:
  ParkingOfTheOld() : Parking({.weights = {1, 1}, .queue_packets = 2, .max_rounds = 100, .max_age = 5s}) {}
};

TEST_F(ParkingOfTheOld, ItIsADeadLetterWithItsBytes) {
  fill();
  exchange(spill("good"), "good");
  store_.wanted = 0;
  world_.end(Outcome::delivered, 200);
  // Nobody may be asked: what is too old ends all the same.
  for (const AnalyzerId analyzer : {AnalyzerId{0}, AnalyzerId{1}})
    world_.balancer.set_drained(analyzer, true, world_.now);
  world_.advance(4s);
  EXPECT_TRUE(store_.fetches.empty());
  world_.advance(2s);
  ASSERT_EQ(store_.fetches.size(), 1u);
  fetched(FetchOutcome::here);
  EXPECT_EQ(world_.dead_letters.letters.size(), 2u);
  EXPECT_EQ(world_.dead_letters.letters.back().second, DeadLetterReason::max_age);
  EXPECT_TRUE(dispatcher().idle());
}

/// The first takes packets, the second GELF, and is out of service.
class ParkingOfAFormat : public Parking {
 protected:
  ParkingOfAFormat() : Parking(options()) { world_.balancer.set_drained(1, true, world_.now); }

  static WorldOptions options() {
    ProtocolSet packets;
    packets.add(Protocol::packet);
    ProtocolSet gelf;
    gelf.add(Protocol::gelf);
    return {.weights = {1, 1}, .formats = {packets, gelf}, .queue_packets = 3};
  }
};

TEST_F(ParkingOfAFormat, WhatNobodyTakesNowStandsInNobodysWay) {
  for (const char* id : {"gelf0", "gelf1", "gelf2"}) admit(id, Protocol::gelf);
  world_.run();
  ASSERT_EQ(terms().queued.packets, 3);
  for (int i = 0; i < 3; ++i) {
    const std::uint64_t good = spill("good");
    turn();
    exchange(good, "good");
    ASSERT_EQ(terms().in_flight.packets, 1) << i;
    EXPECT_EQ(terms().spilled.packets, 1) << "a place is free from then on";
    world_.end(Outcome::delivered, 200);
  }
  store_.wanted = 0;
  EXPECT_EQ(terms().delivered.packets, 3);
  world_.advance(10s);
  EXPECT_TRUE(store_.fetches.empty()) << "nobody takes it yet";
  world_.balancer.set_drained(1, false, world_.now);
  world_.run();
  world_.deliver_everything();
  world_.advance(200ms);
  ASSERT_EQ(store_.fetches.size(), 1u);
  fetched(FetchOutcome::here);
  world_.deliver_everything();
  EXPECT_EQ(terms().delivered.packets, 6);
  EXPECT_TRUE(dispatcher().idle());
}

}  // namespace
}  // namespace logdist::dispatch
