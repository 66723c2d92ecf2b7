#include "logdist/ledger/ledger.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/ledger/packet_life.hpp"

namespace logdist::ledger {
namespace {

using core::Protocol;

using namespace std::chrono_literals;

TEST(Ledger, ShowsWhereAPacketIs) {
  Ledger ledger;
  const Terms& terms = ledger.snapshot().terms;
  ledger.admitted(7);
  EXPECT_EQ(terms.imbalance(), (Amount{1, 7})) << "nowhere yet";
  ledger.queue_entered(7);
  EXPECT_EQ(terms.queued, (Amount{1, 7}));
  EXPECT_EQ(terms.imbalance(), Amount{});
  ledger.queue_left(7);
  ledger.attempt_begun(7);
  EXPECT_EQ(terms.queued, Amount{});
  EXPECT_EQ(terms.in_flight, (Amount{1, 7}));
  ledger.attempt_ended(7, 2, Outcome::http_error, 3ms);
  ledger.wait_entered(7);
  EXPECT_EQ(terms.waiting, (Amount{1, 7}));
  ledger.wait_left(7);
  ledger.attempt_begun(7);
  ledger.attempt_ended(7, 0, Outcome::delivered, 2ms);
  ledger.delivered(7, 0, 9ms);
  EXPECT_EQ(terms.delivered, (Amount{1, 7}));
  EXPECT_EQ(terms.imbalance(), Amount{});
}

TEST(Ledger, CountsByAnalyzerAndOutcome) {
  Ledger ledger;
  ledger.attempt_ended(1, 3, Outcome::delivered, 2ms);
  ledger.attempt_ended(1, 3, Outcome::timeout, 5s);
  ledger.attempt_ended(1, 3, Outcome::refused, 4ms);
  ledger.delivered(1, 3, 9ms);
  const Snapshot& books = ledger.snapshot();
  ASSERT_EQ(books.analyzers.size(), 4u);
  const AnalyzerCounts& counts = books.analyzers[3];
  EXPECT_EQ(counts.attempts[static_cast<std::size_t>(Outcome::delivered)], 1u);
  EXPECT_EQ(counts.attempts[static_cast<std::size_t>(Outcome::timeout)], 1u);
  EXPECT_EQ(counts.attempts[static_cast<std::size_t>(Outcome::refused)], 1u);
  EXPECT_EQ(counts.duration.count(), 2u) << "a timeout is no latency";
  EXPECT_DOUBLE_EQ(counts.duration.sum_seconds(), 0.006);
  EXPECT_EQ(counts.delivered, (Amount{1, 1}));
  EXPECT_EQ(books.residence.count(), 1u);
  EXPECT_DOUBLE_EQ(books.residence.sum_seconds(), 0.009);
}

TEST(Ledger, WhatWasCountedUnderAnIdThatIsUsedAgainStays) {
  Ledger ledger;
  ledger.fold(4);  // one that this loop has never met
  ledger.admitted(3);
  ledger.attempt_begun(3);
  ledger.attempt_ended(3, 1, Outcome::delivered, std::chrono::milliseconds(5));
  ledger.delivered(3, 1, std::chrono::milliseconds(5));
  ledger.messages_refused(1, 2);
  const Amount delivered = ledger.snapshot().analyzers[1].delivered;
  ledger.fold(1);
  ledger.fold(1);
  const Snapshot& books = ledger.snapshot();
  EXPECT_EQ(books.analyzers[1].delivered, Amount{});
  EXPECT_EQ(books.analyzers[1].duration.count(), 0u);
  EXPECT_EQ(books.folded.delivered, delivered);
  EXPECT_EQ(books.folded.refused_messages, 2u);
  EXPECT_EQ(books.folded.duration.count(), 1u);
  EXPECT_EQ(books.terms.imbalance(), Amount{});
  Snapshot sum;
  sum += books;
  sum += books;
  EXPECT_EQ(sum.folded.delivered.messages, 6);
}

TEST(Ledger, CountsWhatThePortSaw) {
  Ledger ledger;
  ledger.packet_received(Protocol::packet, 2'000);
  ledger.packet_received(Protocol::otlp, 500);
  ledger.messages_received(Protocol::otlp, 50);
  ledger.caller_ran();
  ledger.connection_evicted();
  ledger.rejected(RejectReason::invalid_body, Protocol::loki);
  ledger.rejected(RejectReason::buffers_full, Protocol::packet);
  ledger.rejected(RejectReason::buffers_full, std::nullopt);
  const IngestCounts& ingest = ledger.snapshot().ingest;
  EXPECT_EQ(ingest.received_in_all().packets, 2u);
  EXPECT_EQ(ingest.received_in_all().bytes, 2'500u);
  EXPECT_EQ(ingest.received_in_all().messages, 50u);
  const ReceivedCounts& otlp = ingest.received[static_cast<std::size_t>(Protocol::otlp)];
  EXPECT_EQ(otlp.packets, 1u);
  EXPECT_EQ(otlp.messages, 50u);
  EXPECT_EQ(otlp.bytes, 500u);
  EXPECT_EQ(ingest.caller_runs, 1u);
  EXPECT_EQ(ingest.connections_evicted, 1u);
  const auto invalid_body = static_cast<std::size_t>(RejectReason::invalid_body);
  const auto buffers_full = static_cast<std::size_t>(RejectReason::buffers_full);
  EXPECT_EQ(ingest.rejected_in_all()[invalid_body], 1u);
  EXPECT_EQ(ingest.rejected_in_all()[buffers_full], 2u);
  EXPECT_EQ(ingest.rejected[static_cast<std::size_t>(Protocol::loki)][invalid_body], 1u);
  EXPECT_EQ(ingest.rejected[IngestCounts::no_protocol][buffers_full], 1u);
}

TEST(Ledger, CountsDeadLettersByReason) {
  Ledger ledger;
  ledger.dead_lettered(5, DeadLetterReason::max_rounds);
  ledger.dead_lettered(3, DeadLetterReason::refused);
  ledger.dead_lettered(1, DeadLetterReason::refused);
  EXPECT_EQ(ledger.snapshot().dead_lettered, (std::array<std::uint64_t, dead_letter_reason_count>{2, 1, 0}));
  EXPECT_EQ(ledger.snapshot().terms.dead_lettered, (Amount{3, 9}));
}

TEST(Ledger, BalancesAtEveryStepOfRandomLives) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Ledger ledger;
    PacketLife life(ledger, seed);
    for (int i = 0; i < 2'000; ++i) {
      life.step();
      const Terms& terms = ledger.snapshot().terms;
      ASSERT_EQ(terms.imbalance(), Amount{});
      ASSERT_EQ(terms.admitted, life.admitted());
      ASSERT_EQ(terms.queued, life.at(Place::queued));
      ASSERT_EQ(terms.waiting, life.at(Place::waiting));
      ASSERT_EQ(terms.in_flight, life.at(Place::in_flight));
      ASSERT_EQ(terms.delivered, life.at(Place::delivered));
      ASSERT_EQ(terms.dead_lettered, life.at(Place::dead_lettered));
      ASSERT_EQ(terms.handed_back, life.at(Place::handed_back));
      ASSERT_EQ(terms.recovered, life.recovered());
      ASSERT_EQ(terms.spilled, life.at(Place::spilled));
      ASSERT_EQ(terms.lost, life.at(Place::lost));
    }
    life.settle_all();
    EXPECT_EQ(ledger.snapshot().terms.in_flight, Amount{});
    EXPECT_EQ(ledger.snapshot().terms.imbalance(), Amount{});
  }
}

TEST(Snapshot, SumsOverLoops) {
  Ledger first;
  Ledger second;
  PacketLife first_life(first, 1);
  PacketLife second_life(second, 2);
  for (int i = 0; i < 1'000; ++i) first_life.step();
  for (int i = 0; i < 500; ++i) second_life.step();
  first.rejected(RejectReason::timeout, Protocol::packet);
  second.rejected(RejectReason::timeout, Protocol::packet);
  for (Ledger* each : {&first, &second}) each->connection_evicted();
  second.packet_received(Protocol::packet, 10);

  Snapshot sum;
  sum += first.snapshot();
  sum += second.snapshot();
  EXPECT_EQ(sum.terms.imbalance(), Amount{});
  EXPECT_EQ(sum.terms.admitted.packets, first_life.admitted().packets + second_life.admitted().packets);
  EXPECT_EQ(sum.ingest.rejected_in_all()[static_cast<std::size_t>(RejectReason::timeout)], 2u);
  EXPECT_EQ(sum.ingest.connections_evicted, 2u);
  EXPECT_EQ(sum.ingest.received_in_all().bytes, 10u);
  Amount delivered;
  for (const AnalyzerCounts& counts : sum.analyzers) delivered += counts.delivered;
  EXPECT_EQ(delivered, sum.terms.delivered);
  EXPECT_EQ(sum.residence.count(), static_cast<std::uint64_t>(delivered.packets));
}

TEST(Snapshot, SumsAnalyzersThatOnlyOneLoopKnows) {
  Ledger first;
  Ledger second;
  first.delivered(4, 0, 1ms);
  second.delivered(6, 2, 1ms);
  Snapshot sum = first.snapshot();
  sum += second.snapshot();
  ASSERT_EQ(sum.analyzers.size(), 3u);
  EXPECT_EQ(sum.analyzers[0].delivered, (Amount{1, 4}));
  EXPECT_EQ(sum.analyzers[1].delivered, Amount{});
  EXPECT_EQ(sum.analyzers[2].delivered, (Amount{1, 6}));
  Snapshot reverse = second.snapshot();
  reverse += first.snapshot();
  ASSERT_EQ(reverse.analyzers.size(), 3u) << "whichever loop comes first";
  EXPECT_EQ(reverse.analyzers[0].delivered, (Amount{1, 4}));
  EXPECT_EQ(reverse.analyzers[2].delivered, (Amount{1, 6}));
}

}  // namespace
}  // namespace logdist::ledger
