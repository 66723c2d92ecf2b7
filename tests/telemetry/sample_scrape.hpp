// A scrape in which every number is another one.
#pragma once

#include "logdist/telemetry/scrape.hpp"

namespace logdist::telemetry {

inline AnalyzerFacts sample_analyzer(AnalyzerId id, std::string name) {
  AnalyzerFacts facts;
  facts.id = id;
  facts.url = "http://" + name + ":9101/analyze";
  facts.name = std::move(name);
  facts.weight = 40.5 + id;
  facts.slots = 256 + id;
  facts.failures = 11 + id;
  facts.account = {.deficit = -3.25, .debt = 7.5, .target_share = 0.4, .catch_ups = 2 + id, .in_flight = 5 + id};
  return facts;
}

/// Two analyzers: `a` is Healthy and has delivered, the ledger knows nothing of
/// `b`, which is being tested.
inline Scrape sample_scrape() {
  using std::chrono::milliseconds;
  ledger::Ledger ledger;
  for (int i = 0; i < 21; ++i) ledger.packet_received(core::Protocol::packet, 100);
  ledger.messages_received(core::Protocol::packet, 1'900);
  ledger.rejected(RejectReason::invalid_body, core::Protocol::packet);
  ledger.caller_ran();
  for (int i = 0; i < 2; ++i) ledger.connection_evicted();
  for (int i = 0; i < 10; ++i) ledger.admitted(50);
  for (int i = 0; i < 3; ++i) ledger.queue_entered(50);
  for (int i = 0; i < 2; ++i) ledger.wait_entered(50);
  ledger.attempt_begun(50);
  for (int i = 0; i < 2; ++i) {
    ledger.attempt_begun(50);
    ledger.attempt_ended(50, 0, Outcome::delivered, milliseconds(3));
    ledger.delivered(50, 0, milliseconds(30));
  }
  ledger.dead_lettered(50, DeadLetterReason::max_rounds);
  ledger.handed_back(50);
  ledger.recovered({7, 350});
  ledger.spill_entered({7, 350});
  ledger.spill_left({1, 50});
  ledger.lost({1, 50});

  Scrape scrape;
  scrape.books = ledger.snapshot();
  scrape.queue_packets = {6, 10'000};
  scrape.queue_bytes = {12'345, 268'435'456};
  scrape.connections = {64, 9'000};
  scrape.buffered_bytes = {777, 134'217'728};
  scrape.dead_letter_write_failures = 3;
  scrape.requests_resent = 4;
  scrape.storage.on_disk = true;
  scrape.storage.directory = "/var/lib/queue";
  scrape.storage.sync = "always";
  scrape.storage.bytes = 9'000'000;
  scrape.storage.max_bytes = 99'000'000;
  scrape.storage.packets = 13;
  scrape.storage.packets_unread = 6;
  scrape.storage.segments = 2;
  scrape.storage.recovered = 7;
  scrape.storage.recovered_read = 5;
  scrape.storage.recovery_seconds = 0.25;
  scrape.storage.damaged_records = 1;
  scrape.storage.errors = {15, 16, 17, 18, 19};
  scrape.storage.sync_duration.observe(milliseconds(2));
  for (const std::uint64_t packets : {0U, 3U, 5'000U}) scrape.storage.sync_packets.observe(packets);
  scrape.tls = {{"packet", {{"ok", 31}, {"closed", 32}}, 33, 1'790'000'034}};
  scrape.acks = {5, 20, 21, 22, 23};
  scrape.retries = {35, 36};
  scrape.oldest_packet_age_seconds = 12.5;
  scrape.last_reload_successful = false;
  scrape.configured_at_seconds = 1'790'000'000.5;
  scrape.analyzers = {sample_analyzer(0, "a"), sample_analyzer(1, "b")};
  scrape.analyzers[1].state = health::State::testing;
  scrape.analyzers[1].in_service = false;
  return scrape;
}

}  // namespace logdist::telemetry
