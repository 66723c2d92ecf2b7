// The end of a loop: what is left, in which order, and what agents are told.
#include <gtest/gtest.h>

#include <utility>

#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {
namespace {

/// What Drain does when the grace is over.
void give_up(World& world) {
  for (auto& loop : world.loops) {
    loop->dispatcher->give_up(world.now);
    for (core::Attempt* attempt : std::exchange(loop->upstream.under_way, {})) {
      loop->dispatcher->attempt_ended(*attempt, {}, world.now);
    }
  }
  world.run();
}

/// The loop with the oldest packet, until another has it.
void write_letters(World& world) {
  for (;;) {
    Dispatcher* first = nullptr;
    TimePoint until = never;
    for (auto& loop : world.loops) {
      Dispatcher& own = *loop->dispatcher;
      if (own.oldest_left() == never) continue;
      if (first != nullptr && own.oldest_left() >= first->oldest_left()) {
        until = std::min(until, own.oldest_left());
        continue;
      }
      if (first != nullptr) until = std::min(until, first->oldest_left());
      first = &own;
    }
    if (first == nullptr) return;
    first->dead_letter_until(until);
  }
}

TEST(DispatchShutdown, WhatIsLeftIsDeadLetteredOldestFirstOverAllLoops) {
  World world({.weights = {1}, .loops = 2, .slots = 4});
  std::string expected;
  for (char id = 'a'; id <= 'p'; ++id) {
    world.admit(std::string(1, id), 1, static_cast<LoopId>(id / 2 % 2));
    world.run();
    world.advance(1ms);
    expected += id;
  }
  // "a" waits for its next round, four are under way, the rest is queued.
  world.end(Outcome::timeout);
  ASSERT_EQ(world.terms().waiting.packets, 1);
  ASSERT_EQ(world.terms().in_flight.packets, 4);

  give_up(world);
  EXPECT_EQ(world.terms().in_flight.packets, 0);
  EXPECT_TRUE(world.dead_letters.letters.empty()) << "not before the order is known";
  write_letters(world);
  std::string order;
  for (const auto& [id, reason] : world.dead_letters.letters) {
    order += id;
    EXPECT_EQ(reason, DeadLetterReason::shutdown);
  }
  EXPECT_EQ(order, expected);
  EXPECT_EQ(world.terms().dead_lettered.packets, 16);
  EXPECT_EQ(world.bounds.packets(), 0u);
  std::size_t given_up = 0;
  for (auto& loop : world.loops) {
    EXPECT_TRUE(loop->dispatcher->idle());
    given_up += loop->dispatcher->given_up();
  }
  EXPECT_EQ(given_up, 16u);
}

/// The places must not look at the packets when those are gone already: the
/// sanitizers, or the lists' own checks, would say so.
TEST(DispatchShutdown, ADispatcherMayEndWithPacketsInItsPlaces) {
  World world({.weights = {1, 1}, .slots = 1});
  for (const char* id : {"1", "2", "3", "4"}) world.admit(id);
  world.run();
  world.end(Outcome::timeout);  // waits for the other analyzer
  world.end(Outcome::timeout);  // so does this one; the first has its slot now
  EXPECT_EQ(world.terms().in_flight.packets, 2);
  EXPECT_EQ(world.terms().waiting.packets, 1);
  EXPECT_EQ(world.terms().queued.packets, 1);
}

TEST(DispatchShutdown, WhoIsSentAwayIsToldWhenAnAnalyzerMayBeBack) {
  World world({.weights = {1}});
  EXPECT_EQ(world.loops[0]->dispatcher->retry_after(world.now), congestion_pause);
  world.admit("a");
  world.run();
  core::Attempt& attempt = *world.loops[0]->upstream.under_way.front();
  world.loops[0]->upstream.under_way.pop_front();
  core::AttemptResult later;
  later.outcome = Outcome::paused;
  later.status = 429;
  later.pause = 17s;
  world.loops[0]->dispatcher->attempt_ended(attempt, later, world.now);
  world.run();
  EXPECT_EQ(world.loops[0]->dispatcher->retry_after(world.now), 17s);
  world.advance(16'100ms);
  EXPECT_EQ(world.loops[0]->dispatcher->retry_after(world.now), 1s) << "rounded up";
  world.advance(1s);
  EXPECT_EQ(world.loops[0]->dispatcher->retry_after(world.now), congestion_pause);
}

TEST(DispatchShutdown, WhoIsSentAwayBecauseAllHaveFailedWaitsForTheBackOff) {
  World world({.weights = {1}});
  for (int i = 0; i < 3; ++i) world.admit(std::to_string(i));
  world.run();
  for (int i = 0; i < 3; ++i) world.end(Outcome::connect_error);
  ASSERT_EQ(world.views()[0].state, health::State::failed);
  EXPECT_EQ(world.loops[0]->dispatcher->retry_after(world.now), 1s) << "the back-off is 500 ms";
  world.loops[0]->dispatcher->begin_drain(world.now);
  EXPECT_EQ(world.loops[0]->dispatcher->retry_after(world.now), congestion_pause) << "nobody is back here";
}

}  // namespace
}  // namespace logdist::dispatch
