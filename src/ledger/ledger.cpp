#include "logdist/ledger/ledger.hpp"

#include <algorithm>

// The tests also build this file with one event left out at a time, to show that
// no event can get lost without an imbalance (tests/ledger/omission_test.cpp).
#ifdef LOGDIST_OMIT_EVENT
#include <string_view>
#define LOGDIST_EVENT(name) \
  if constexpr (std::string_view(#name) == LOGDIST_OMIT_EVENT) return
#else
#define LOGDIST_EVENT(name) static_cast<void>(0)
#endif

namespace logdist::ledger {
namespace {

constexpr std::size_t index(auto label) { return static_cast<std::size_t>(label); }

/// Whether the attempt brought a whole answer, so that its duration is a latency.
constexpr bool is_answered(Outcome outcome) {
  return outcome == Outcome::delivered || outcome == Outcome::refused || outcome == Outcome::paused ||
         outcome == Outcome::http_error;
}

template <std::size_t size>
void add_each(std::array<std::uint64_t, size>& to, const std::array<std::uint64_t, size>& from) {
  for (std::size_t i = 0; i < size; ++i) to[i] += from[i];
}

}  // namespace

Amount& Amount::operator+=(const Amount& other) {
  packets += other.packets;
  messages += other.messages;
  return *this;
}

Amount& Amount::operator-=(const Amount& other) {
  packets -= other.packets;
  messages -= other.messages;
  return *this;
}

Amount Terms::imbalance() const {
  Amount rest = admitted;
  rest += recovered;
  for (const Amount& place : {queued, waiting, in_flight, delivered, dead_lettered, handed_back, spilled, lost}) {
    rest -= place;
  }
  return rest;
}

Terms& Terms::operator+=(const Terms& other) {
  admitted += other.admitted;
  recovered += other.recovered;
  queued += other.queued;
  waiting += other.waiting;
  in_flight += other.in_flight;
  delivered += other.delivered;
  dead_lettered += other.dead_lettered;
  handed_back += other.handed_back;
  spilled += other.spilled;
  lost += other.lost;
  return *this;
}

AnalyzerCounts& AnalyzerCounts::operator+=(const AnalyzerCounts& other) {
  delivered += other.delivered;
  refused_messages += other.refused_messages;
  add_each(attempts, other.attempts);
  duration += other.duration;
  return *this;
}

ReceivedCounts& ReceivedCounts::operator+=(const ReceivedCounts& other) {
  packets += other.packets;
  messages += other.messages;
  bytes += other.bytes;
  return *this;
}

ReceivedCounts IngestCounts::received_in_all() const {
  ReceivedCounts all;
  for (const ReceivedCounts& one : received) all += one;
  return all;
}

IngestCounts::Rejected IngestCounts::rejected_in_all() const {
  Rejected all{};
  for (const Rejected& one : rejected) add_each(all, one);
  return all;
}

ClientCounts& ClientCounts::operator+=(const ClientCounts& other) {
  received += other.received;
  add_each(refused, other.refused);
  return *this;
}

IngestCounts& IngestCounts::operator+=(const IngestCounts& other) {
  for (std::size_t i = 0; i < received.size(); ++i) received[i] += other.received[i];
  add_each(decompressed_bytes, other.decompressed_bytes);
  caller_runs += other.caller_runs;
  connections_evicted += other.connections_evicted;
  for (std::size_t i = 0; i < rejected.size(); ++i) add_each(rejected[i], other.rejected[i]);
  return *this;
}

Snapshot& Snapshot::operator+=(const Snapshot& other) {
  terms += other.terms;
  ingest += other.ingest;
  add_each(dead_lettered, other.dead_lettered);
  analyzers.resize(std::max(analyzers.size(), other.analyzers.size()));
  for (std::size_t i = 0; i < other.analyzers.size(); ++i) analyzers[i] += other.analyzers[i];
  clients.resize(std::max(clients.size(), other.clients.size()));
  for (std::size_t i = 0; i < other.clients.size(); ++i) clients[i] += other.clients[i];
  folded += other.folded;
  residence += other.residence;
  return *this;
}

void Ledger::admitted(std::uint32_t messages) {
  LOGDIST_EVENT(admitted);
  books_.terms.admitted.add(messages);
}

void Ledger::queue_entered(std::uint32_t messages) {
  LOGDIST_EVENT(queue_entered);
  books_.terms.queued.add(messages);
}

void Ledger::queue_left(std::uint32_t messages) {
  LOGDIST_EVENT(queue_left);
  books_.terms.queued.subtract(messages);
}

void Ledger::wait_entered(std::uint32_t messages) {
  LOGDIST_EVENT(wait_entered);
  books_.terms.waiting.add(messages);
}

void Ledger::wait_left(std::uint32_t messages) {
  LOGDIST_EVENT(wait_left);
  books_.terms.waiting.subtract(messages);
}

void Ledger::attempt_begun(std::uint32_t messages) {
  LOGDIST_EVENT(attempt_begun);
  books_.terms.in_flight.add(messages);
}

void Ledger::attempt_ended(std::uint32_t messages, AnalyzerId analyzer, Outcome outcome, Duration duration) {
  LOGDIST_EVENT(attempt_ended);
  books_.terms.in_flight.subtract(messages);
  AnalyzerCounts& counts = of(analyzer);
  ++counts.attempts[index(outcome)];
  if (is_answered(outcome)) counts.duration.observe(duration);
}

void Ledger::delivered(std::uint32_t messages, AnalyzerId analyzer, Duration residence) {
  LOGDIST_EVENT(delivered);
  books_.terms.delivered.add(messages);
  of(analyzer).delivered.add(messages);
  books_.residence.observe(residence);
}

void Ledger::messages_refused(AnalyzerId analyzer, std::uint32_t messages) {
  of(analyzer).refused_messages += messages;
}

void Ledger::dead_lettered(std::uint32_t messages, DeadLetterReason reason) {
  LOGDIST_EVENT(dead_lettered);
  books_.terms.dead_lettered.add(messages);
  ++books_.dead_lettered[index(reason)];
}

void Ledger::handed_back(std::uint32_t messages) {
  LOGDIST_EVENT(handed_back);
  books_.terms.handed_back.add(messages);
}

void Ledger::recovered(const Amount& packets) {
  LOGDIST_EVENT(recovered);
  books_.terms.recovered += packets;
}

void Ledger::spill_entered(const Amount& packets) {
  LOGDIST_EVENT(spill_entered);
  books_.terms.spilled += packets;
}

void Ledger::spill_left(const Amount& packets) {
  LOGDIST_EVENT(spill_left);
  books_.terms.spilled -= packets;
}

void Ledger::lost(const Amount& packets) {
  LOGDIST_EVENT(lost);
  books_.terms.lost += packets;
}

void Ledger::packet_received(core::Protocol protocol, std::uint64_t body_bytes) {
  ReceivedCounts& received = books_.ingest.received[index(protocol)];
  ++received.packets;
  received.bytes += body_bytes;
}

void Ledger::messages_received(core::Protocol protocol, std::uint32_t messages) {
  books_.ingest.received[index(protocol)].messages += messages;
}

void Ledger::decompressed(core::ContentCoding coding, std::uint64_t content_bytes) {
  books_.ingest.decompressed_bytes[index(coding)] += content_bytes;
}

void Ledger::fold(AnalyzerId analyzer) {
  books_.folded += of(analyzer);
  of(analyzer) = {};
}

void Ledger::caller_ran() { ++books_.ingest.caller_runs; }

void Ledger::connection_evicted() { ++books_.ingest.connections_evicted; }

void Ledger::rejected(RejectReason reason, std::optional<core::Protocol> protocol) {
  const std::size_t place = protocol ? index(*protocol) : IngestCounts::no_protocol;
  ++books_.ingest.rejected[place][index(reason)];
}

void Ledger::client_packet_received(ClientId client, std::uint64_t body_bytes) {
  ReceivedCounts& received = of_client(client).received;
  ++received.packets;
  received.bytes += body_bytes;
}

void Ledger::client_messages_received(ClientId client, std::uint32_t messages) {
  of_client(client).received.messages += messages;
}

void Ledger::client_refused(ClientId client, ClientRefusal refusal) { ++of_client(client).refused[index(refusal)]; }

ClientCounts& Ledger::of_client(ClientId client) {
  if (client >= books_.clients.size()) books_.clients.resize(client + std::size_t{1});
  return books_.clients[client];
}

AnalyzerCounts& Ledger::of(AnalyzerId analyzer) {
  if (analyzer >= books_.analyzers.size()) books_.analyzers.resize(analyzer + std::size_t{1});
  return books_.analyzers[analyzer];
}

}  // namespace logdist::ledger
