#include <gtest/gtest.h>

#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {
namespace {

using queue::Admission;
using queue::Settlement;

TEST(Dispatcher, DeliversWhatItQueuedAndGivesThePlaceBack) {
  World world({});
  EXPECT_EQ(world.admit("a", 3), Admission::queued);
  EXPECT_EQ(world.bounds.packets(), 1u);
  world.run();
  EXPECT_EQ(world.terms().in_flight, (ledger::Amount{1, 3}));
  EXPECT_EQ(world.bounds.packets(), 1u) << "a packet under way keeps its place";
  world.end(Outcome::delivered, 200);
  EXPECT_EQ(world.terms().delivered, (ledger::Amount{1, 3}));
  EXPECT_EQ(world.bounds.packets(), 0u);
  EXPECT_EQ(world.bounds.bytes(), 0u);
  EXPECT_TRUE(world.loops[0]->dispatcher->idle());
  EXPECT_EQ(world.waiter.told, 0) << "a queued packet has no waiter";
}

TEST(Dispatcher, FlushesOnceATurnForAllThatBecameReady) {
  World world({});
  for (int i = 0; i < 10; ++i) world.admit("p" + std::to_string(i));
  world.run();
  EXPECT_EQ(world.loops[0]->upstream.under_way.size(), 10u);
  EXPECT_EQ(world.loops[0]->upstream.flushes, 1u);
}

TEST(Dispatcher, FullQueueMakesTheCallerRunAndHandsBackAtTheTimeout) {
  World world({.weights = {1}, .queue_packets = 2, .slots = 1});
  EXPECT_EQ(world.admit("a"), Admission::queued);
  EXPECT_EQ(world.admit("b"), Admission::queued);
  RecordingWaiter waiter;
  world.admit_waiting(waiter, "c");
  world.run();
  EXPECT_EQ(world.terms().in_flight.packets, 1);
  EXPECT_EQ(world.terms().queued.packets, 1);
  EXPECT_EQ(world.terms().waiting.packets, 1);
  EXPECT_EQ(world.loops[0]->ledger.snapshot().ingest.caller_runs, 1u);

  world.advance(29s);
  EXPECT_EQ(waiter.told, 0);
  world.advance(2s);
  EXPECT_EQ(waiter.told, 1);
  EXPECT_EQ(waiter.last, Settlement::handed_back);
  EXPECT_EQ(world.terms().handed_back.packets, 1);

  world.deliver_everything();
  EXPECT_EQ(world.terms().delivered.packets, 2) << "what was accepted still arrives";
}

TEST(Dispatcher, FreeSlotsGoOldestFirstOverQueueAndWaiters) {
  World world({.weights = {1}, .queue_packets = 2, .slots = 1});
  RecordingWaiter waiter;
  world.admit("1");
  world.advance(1ms);
  world.admit("2");
  world.advance(1ms);
  world.admit_waiting(waiter, "3");
  world.advance(1ms);
  world.end(Outcome::delivered, 200);  // "1"; its place is free again
  world.advance(1ms);
  EXPECT_EQ(world.admit("4"), Admission::queued);
  world.run();
  std::string order;
  while (!world.loops[0]->upstream.under_way.empty()) {
    order += world.loops[0]->upstream.under_way.front()->packet->id;
    world.end(Outcome::delivered, 200);
  }
  EXPECT_EQ(order, "234");
  EXPECT_EQ(waiter.last, Settlement::delivered);
}

TEST(Dispatcher, AckDeliveredTakesNoPlaceAndCountsNoCallerRun) {
  World world({.ack_delivered = true});
  RecordingWaiter waiter;
  world.admit_waiting(waiter, "a");
  world.run();
  EXPECT_EQ(world.bounds.packets(), 0u);
  EXPECT_EQ(world.loops[0]->ledger.snapshot().ingest.caller_runs, 0u);
  world.end(Outcome::delivered, 200);
  EXPECT_EQ(waiter.last, Settlement::delivered);
}

TEST(Dispatcher, AFailureAsksAnotherAnalyzerAtOnce) {
  World world({.weights = {5, 1}});
  world.admit("a");
  world.run();
  const AnalyzerId first = world.loops[0]->upstream.under_way.front()->analyzer;
  world.end(Outcome::connection_broken);
  ASSERT_EQ(world.loops[0]->upstream.under_way.size(), 1u);
  EXPECT_NE(world.loops[0]->upstream.under_way.front()->analyzer, first);
  world.end(Outcome::delivered, 200);
  EXPECT_EQ(world.terms().delivered.packets, 1);
}

TEST(Dispatcher, AfterARoundItWaitsBeforeTheNext) {
  World world({.weights = {1, 1}});
  world.admit("a");
  world.run();
  world.end(Outcome::timeout);
  world.end(Outcome::timeout);
  EXPECT_TRUE(world.loops[0]->upstream.under_way.empty());
  EXPECT_EQ(world.terms().waiting.packets, 1);
  world.advance(79ms);
  EXPECT_TRUE(world.loops[0]->upstream.under_way.empty()) << "100 ms with 20 % jitter";
  world.advance(50ms);
  EXPECT_EQ(world.loops[0]->upstream.under_way.size(), 1u);
}

/// Two packets under way, one to each of two analyzers that have no slot left.
/// Then "a" has failed at the first and waits for the second, which leaves
/// service: whom "a" could still ask in this round is gone.
void strand(World& world, Outcome outcome, unsigned status) {
  world.admit("a");
  world.admit("b");
  world.run();
  ASSERT_EQ(world.loops[0]->upstream.under_way.front()->analyzer, 0u);
  world.end(outcome, status);
  ASSERT_EQ(world.terms().waiting.packets, 1);
  for (int i = 0; i < 3; ++i) world.balancer.probe_ended({1, 0}, health::ProbeResult::failed, world.now);
  world.run();
  ASSERT_FALSE(world.views()[1].in_service);
}

TEST(Dispatcher, ARoundEndsWhenWhoIsLeftToAskLeavesService) {
  World world({.weights = {1, 1}, .slots = 1});
  strand(world, Outcome::connect_error, 0);
  world.advance(200ms);
  ASSERT_EQ(world.loops[0]->upstream.under_way.size(), 2u);
  EXPECT_EQ(world.loops[0]->upstream.under_way.back()->packet->id, "a");
  EXPECT_EQ(world.loops[0]->upstream.under_way.back()->analyzer, 0u) << "the next round begins with the first again";
  world.deliver_everything();
  EXPECT_EQ(world.terms().delivered.packets, 2);
}

TEST(Dispatcher, ARefusedPacketOutlivesAShortAbsenceOfTheSecondToAsk) {
  World world({.weights = {1, 1}, .slots = 1, .max_rounds = 10});
  strand(world, Outcome::refused, 400);
  EXPECT_TRUE(world.dead_letters.letters.empty());
  EXPECT_EQ(world.terms().waiting.packets, 1);
}

TEST(Dispatcher, PoisonIsDeadLetteredAfterTheRoundsThatCount) {
  World world({.weights = {1}, .max_rounds = 2});
  for (int round = 0; round < 2; ++round) {
    world.admit("good");
    world.run();
    world.end(Outcome::delivered, 200);
    if (round == 0) world.admit("bad");
    world.advance(1s);
    world.end(Outcome::http_error, 500);
  }
  ASSERT_EQ(world.dead_letters.letters.size(), 1u);
  EXPECT_EQ(world.dead_letters.letters[0],
            (std::pair<std::string, DeadLetterReason>{"bad", DeadLetterReason::max_rounds}));
  EXPECT_EQ(world.terms().dead_lettered.packets, 1);
  EXPECT_EQ(world.bounds.packets(), 0u);
}

TEST(Dispatcher, RefusedTwiceIsDeadLetteredAndHealthUntouched) {
  World world({});
  world.admit("bad");
  world.run();
  world.end(Outcome::refused, 400);
  world.end(Outcome::refused, 422);
  ASSERT_EQ(world.dead_letters.letters.size(), 1u);
  EXPECT_EQ(world.dead_letters.letters[0].second, DeadLetterReason::refused);
  EXPECT_EQ(world.dead_letters.last_attempts, 2u);
  ASSERT_EQ(world.dead_letters.last_failed.size(), 2u) << "the last answer of each analyzer that was asked";
  EXPECT_EQ(world.dead_letters.last_failed[0].status, 400u);
  EXPECT_EQ(world.dead_letters.last_failed[1].status, 422u);
  EXPECT_NE(world.dead_letters.last_failed[0].analyzer, world.dead_letters.last_failed[1].analyzer);
  for (const AnalyzerView& view : world.views()) EXPECT_EQ(view.failures, 0u);
}

TEST(Dispatcher, ADeadLettersHistoryIsNotThatOfThePacketBefore) {
  World world({.weights = {1}});
  world.admit("bad");
  world.run();
  world.end(Outcome::refused, 413);
  world.admit("worse");
  world.advance(1s);
  const TimePoint admitted_at = world.now - 1s;
  world.end(Outcome::refused, 422);
  ASSERT_EQ(world.dead_letters.letters.back().first, "worse");
  EXPECT_EQ(world.dead_letters.last_admitted_at, admitted_at);
  ASSERT_EQ(world.dead_letters.last_failed.size(), 1u);
  EXPECT_EQ(world.dead_letters.last_failed[0].status, 422u);
  EXPECT_EQ(world.dead_letters.last_failed[0].at, world.now);
}

TEST(Dispatcher, KnowsTheAgeOfItsOldestPacketWhereverThatIs) {
  World world({.weights = {1}, .slots = 1});
  const Dispatcher& dispatcher = *world.loops[0]->dispatcher;
  EXPECT_EQ(dispatcher.oldest_admitted(), never);
  const TimePoint first = world.now;
  world.admit("first");
  world.run();
  world.advance(1s);
  const TimePoint second = world.now;
  world.admit("second");
  world.run();
  EXPECT_EQ(dispatcher.oldest_admitted(), first) << "in flight, older than the one in the queue";
  world.end(Outcome::delivered, 200);
  EXPECT_EQ(dispatcher.oldest_admitted(), second);
  world.end(Outcome::delivered, 200);
  EXPECT_EQ(dispatcher.oldest_admitted(), never);
}

TEST(Dispatcher, RefusedByTheOnlyAnalyzerIsDeadLettered) {
  World world({.weights = {1}});
  world.admit("bad");
  world.run();
  world.end(Outcome::refused, 413);
  EXPECT_EQ(world.terms().dead_lettered.packets, 1);
}

TEST(Dispatcher, RefusedOnceWaitsUntilTheSecondAnalyzerIsThereAgain) {
  World world({.weights = {1, 1}, .max_rounds = 10});
  world.admit("a");
  world.run();
  const AnalyzerId refuser = world.loops[0]->upstream.under_way.front()->analyzer;
  world.end(Outcome::refused, 400);
  core::AttemptResult later;
  later.outcome = Outcome::paused;
  later.pause = 1s;
  world.loops[0]->dispatcher->attempt_ended(*world.loops[0]->upstream.under_way.front(), later, world.now);
  world.loops[0]->upstream.under_way.clear();
  world.run();
  EXPECT_TRUE(world.dead_letters.letters.empty()) << "the second analyzer has not been heard";
  world.advance(3s);
  ASSERT_EQ(world.loops[0]->upstream.under_way.size(), 1u);
  EXPECT_NE(world.loops[0]->upstream.under_way.front()->analyzer, refuser);
  world.end(Outcome::delivered, 200);
  EXPECT_EQ(world.terms().delivered.packets, 1);
}

TEST(Dispatcher, RefusedOnceIsDeadLetteredWhenNoSecondIsHeardForAllRounds) {
  World world({.weights = {1, 1}, .max_rounds = 3});
  world.admit("a");
  world.run();
  world.end(Outcome::refused, 400);
  for (int round = 0; round < 3 && world.dead_letters.letters.empty(); ++round) {
    ASSERT_EQ(world.loops[0]->upstream.under_way.size(), 1u);
    world.end(Outcome::timeout);
    world.advance(1s);
  }
  ASSERT_EQ(world.dead_letters.letters.size(), 1u);
  EXPECT_EQ(world.dead_letters.letters[0].second, DeadLetterReason::refused);
}

TEST(Dispatcher, AnAgentThatHasGoneGetsNoNewAttempt) {
  World world({.weights = {1}, .slots = 1, .ack_delivered = true});
  RecordingWaiter first;
  RecordingWaiter second;
  queue::Delivery& under_way = world.admit_waiting(first, "a");
  queue::Delivery& waiting = world.admit_waiting(second, "b");
  world.run();
  world.loops[0]->dispatcher->abandon(waiting, world.now);
  EXPECT_EQ(world.terms().handed_back.packets, 1);
  world.loops[0]->dispatcher->abandon(under_way, world.now);
  EXPECT_EQ(world.terms().in_flight.packets, 1) << "the attempt under way decides";
  world.end(Outcome::timeout);
  EXPECT_EQ(world.terms().handed_back.packets, 2);
  EXPECT_EQ(first.told + second.told, 0);
  EXPECT_TRUE(world.loops[0]->dispatcher->idle());
}

TEST(Dispatcher, ATimedOutRequestUnderWayIsDecidedByItsAttempt) {
  World world({.weights = {1}, .ack_delivered = true});
  RecordingWaiter waiter;
  world.admit_waiting(waiter, "a");
  world.run();
  world.advance(31s);
  EXPECT_EQ(waiter.told, 0);
  world.end(Outcome::delivered, 200);
  EXPECT_EQ(waiter.last, Settlement::delivered);
}

TEST(Dispatcher, DrainHandsRequestsBackAndDeliversWhatWasAccepted) {
  World world({.weights = {1}, .queue_packets = 2, .slots = 1});
  RecordingWaiter waiter;
  world.admit("a");
  world.admit("b");
  world.admit_waiting(waiter, "c");
  world.run();
  world.loops[0]->dispatcher->begin_drain(world.now);
  EXPECT_EQ(waiter.last, Settlement::handed_back);
  EXPECT_FALSE(world.loops[0]->dispatcher->idle());
  world.deliver_everything();
  EXPECT_TRUE(world.loops[0]->dispatcher->idle());
  EXPECT_EQ(world.terms().delivered.packets, 2);
}

TEST(Dispatcher, WhenTheGraceIsOverWhatIsLeftIsKeptAsDeadLetters) {
  World world({.weights = {1}, .slots = 1});
  world.admit("a");
  world.admit("b");
  world.run();
  Dispatcher& dispatcher = *world.loops[0]->dispatcher;
  dispatcher.give_up(world.now);
  EXPECT_TRUE(dispatcher.has_attempts());
  world.end(Outcome::connection_broken);
  EXPECT_FALSE(dispatcher.has_attempts()) << "none is begun any more";
  EXPECT_EQ(dispatcher.given_up(), 0u);
  dispatcher.dead_letter_until(never);
  EXPECT_EQ(dispatcher.given_up(), 2u);
  EXPECT_EQ(world.dead_letters.letters.size(), 2u);
  EXPECT_TRUE(dispatcher.idle());
}

}  // namespace
}  // namespace logdist::dispatch
