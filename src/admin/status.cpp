#include "admin/status.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <numeric>
#include <vector>

namespace logdist::admin {
namespace {

using Json = nlohmann::ordered_json;

/// Events in /v1/status, the newest.
constexpr std::size_t recent_events = 20;
/// Clients in /v1/status.
constexpr std::size_t clients_max = 100;

Json to_json(const ledger::Amount& amount) { return {{"packets", amount.packets}, {"messages", amount.messages}}; }

Json to_json(const ledger::Histogram& histogram) {
  return {{"p50", histogram.quantile_seconds(0.50)},
          {"p95", histogram.quantile_seconds(0.95)},
          {"p99", histogram.quantile_seconds(0.99)}};
}

/// What was observed in each bucket, by its upper bound.
Json buckets_json(const ledger::Histogram& histogram) {
  using ledger::Histogram;
  Json json = Json::object();
  for (std::size_t i = 0; i < Histogram::bucket_count; ++i) {
    const bool bounded = i < Histogram::bounds_seconds.size();
    json[bounded ? fmt::format("{}", Histogram::bounds_seconds[i]) : "+Inf"] = histogram.in_bucket(i);
  }
  return json;
}

/// Counts by label, in the order of the labels' values.
template <typename Label, std::size_t size>
Json to_json(const std::array<std::uint64_t, size>& counts) {
  Json json = Json::object();
  for (std::size_t i = 0; i < size; ++i) json[to_string(static_cast<Label>(i))] = counts[i];
  return json;
}

Json queue_json(const telemetry::Scrape& scrape) {
  const telemetry::StorageFacts& storage = scrape.storage;
  Json queue{{"packets", scrape.queue_packets.held},
             {"bytes", scrape.queue_bytes.held},
             {"max_packets", scrape.queue_packets.capacity},
             {"max_bytes", scrape.queue_bytes.capacity},
             {"storage", storage.on_disk ? "disk" : "memory"}};
  if (!storage.on_disk) return queue;
  queue["sync"] = storage.sync;
  queue["disk"] = {{"directory", storage.directory},
                   {"packets", storage.packets},
                   {"packets_unread", storage.packets_unread},
                   {"bytes", storage.bytes},
                   {"max_bytes", storage.max_bytes},
                   {"segments", storage.segments},
                   {"recovered", storage.recovered},
                   {"recovered_read", storage.recovered_read},
                   {"recovering", storage.recovering},
                   {"recovery_seconds", storage.recovery_seconds},
                   {"replayed", storage.replayed},
                   {"taking_packets", storage.taking_packets},
                   {"damaged_records", storage.damaged_records},
                   {"sync_seconds", to_json(storage.sync_duration)}};
  return queue;
}

Json received_json(const ledger::IngestCounts& ingest) {
  Json json = Json::object();
  for (std::size_t i = 0; i < core::protocol_count; ++i) {
    const ledger::ReceivedCounts& received = ingest.received[i];
    if (received.packets == 0) continue;
    json[to_string(static_cast<core::Protocol>(i))] = {
        {"packets", received.packets}, {"messages", received.messages}, {"bytes", received.bytes}};
  }
  return json;
}

Json totals_json(const ledger::Snapshot& books) {
  const ledger::ReceivedCounts received = books.ingest.received_in_all();
  return {{"packets_received", received.packets},
          {"messages_received", received.messages},
          {"received_bytes", received.bytes},
          {"received_by_format", received_json(books.ingest)},
          {"caller_runs", books.ingest.caller_runs},
          {"packets_rejected", to_json<RejectReason>(books.ingest.rejected_in_all())},
          {"packets_dead_lettered", to_json<DeadLetterReason>(books.dead_lettered)},
          {"residence_seconds", to_json(books.residence)},
          {"residence_buckets", buckets_json(books.residence)}};
}

Json ledger_json(const ledger::Terms& terms) {
  return {{"admitted", to_json(terms.admitted)},       {"recovered", to_json(terms.recovered)},
          {"queued", to_json(terms.queued)},           {"spilled", to_json(terms.spilled)},
          {"waiting", to_json(terms.waiting)},         {"in_flight", to_json(terms.in_flight)},
          {"delivered", to_json(terms.delivered)},     {"dead_lettered", to_json(terms.dead_lettered)},
          {"handed_back", to_json(terms.handed_back)}, {"lost", to_json(terms.lost)},
          {"imbalance", to_json(terms.imbalance())}};
}

Json analyzer_json(const telemetry::Scrape& scrape, const telemetry::AnalyzerFacts& analyzer) {
  const ledger::AnalyzerCounts& counts = telemetry::counts_of(scrape, analyzer);
  return {{"name", analyzer.name},
          {"url", analyzer.url},
          {"state", health::to_string(analyzer.state)},
          {"in_service", analyzer.in_service},
          {"paused", analyzer.paused},
          {"drained", analyzer.drained},
          {"ejected", analyzer.ejected},
          {"ejections", analyzer.ejections},
          {"weight", analyzer.weight},
          {"target_share", analyzer.account.target_share},
          {"delivered_share", telemetry::delivered_share(scrape, analyzer)},
          {"deficit", analyzer.account.deficit},
          {"debt", analyzer.account.debt},
          {"catch_ups", analyzer.account.catch_ups},
          {"in_flight", analyzer.account.in_flight},
          {"max_in_flight", analyzer.slots},
          {"delivered", to_json(counts.delivered)},
          {"failures", analyzer.failures},
          {"attempts", to_json<Outcome>(counts.attempts)},
          {"latency_seconds", to_json(counts.duration)},
          {"latency_buckets", buckets_json(counts.duration)},
          {"zone", analyzer.zone},
          {"source", analyzer.source}};
}

/// One that is configured no more: what it has counted, and what it still has.
Json removed_json(const telemetry::Scrape& scrape, const telemetry::AnalyzerFacts& analyzer) {
  return {{"name", analyzer.name},
          {"url", analyzer.url},
          {"in_flight", analyzer.account.in_flight},
          {"delivered", to_json(telemetry::counts_of(scrape, analyzer).delivered)},
          {"failures", analyzer.failures}};
}

Json client_json(const telemetry::Scrape& scrape, const telemetry::ClientFacts& client) {
  const ledger::ClientCounts& counts = telemetry::counts_of(scrape, client);
  Json refused = Json::object();
  for (std::size_t i = 0; i < client_refusal_count; ++i) {
    if (counts.refused[i] != 0) refused[to_string(static_cast<ClientRefusal>(i))] = counts.refused[i];
  }
  return {{"name", client.name},
          {"packets", counts.received.packets},
          {"messages", counts.received.messages},
          {"bytes", counts.received.bytes},
          {"refused", std::move(refused)},
          {"queue_packets", client.places},
          {"queue_packets_max", client.places_max == 0 ? Json(nullptr) : Json(client.places_max)}};
}

/// The anonymous ones, and of the others those that have sent most.
Json clients_json(const telemetry::Scrape& scrape) {
  std::vector<const telemetry::ClientFacts*> shown;
  for (const telemetry::ClientFacts& client : scrape.clients) shown.push_back(&client);
  const auto others = shown.begin() + std::min<std::ptrdiff_t>(1, std::ssize(shown));
  if (shown.size() > clients_max) {
    const auto rank = [&scrape](const telemetry::ClientFacts* client) {
      const ledger::ClientCounts& counts = telemetry::counts_of(scrape, *client);
      return std::accumulate(counts.refused.begin(), counts.refused.end(), counts.received.packets);
    };
    std::stable_sort(others, shown.end(), [&](const auto* one, const auto* other) { return rank(one) > rank(other); });
    shown.resize(clients_max);
  }
  Json clients = Json::array();
  for (const telemetry::ClientFacts* const client : shown) clients.push_back(client_json(scrape, *client));
  return clients;
}

Json source_json(const telemetry::SourceFacts& source) {
  return {{"name", source.name},           {"type", source.type},
          {"reachable", source.reachable}, {"last_success_seconds", source.last_success_seconds},
          {"analyzers", source.analyzers}, {"skipped", source.skipped},
          {"fault", source.fault}};
}

Json event_json(const Event& event) {
  const auto at = std::chrono::floor<std::chrono::milliseconds>(event.at);
  const auto second = std::chrono::floor<std::chrono::seconds>(at);
  return {{"number", event.number},
          {"at", fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(second), (at - second).count())},
          {"kind", to_string(event.kind)},
          {"warning", event.warning},
          {"analyzer", event.analyzer},
          {"text", event.text}};
}

Json recent_json(const EventLog& log) {
  const auto& events = log.events();
  const std::size_t count = std::min(recent_events, events.size());
  Json json = Json::array();
  for (auto event = events.end() - static_cast<std::ptrdiff_t>(count); event != events.end(); ++event) {
    json.push_back(event_json(*event));
  }
  return json;
}

Json status_json(const telemetry::Scrape& scrape, const StatusFacts& facts) {
  Json analyzers = Json::array();
  for (const telemetry::AnalyzerFacts& analyzer : scrape.analyzers)
    analyzers.push_back(analyzer_json(scrape, analyzer));
  Json removed = Json::array();
  for (const telemetry::AnalyzerFacts& analyzer : scrape.removed) removed.push_back(removed_json(scrape, analyzer));
  Json sources = Json::array();
  for (const telemetry::SourceFacts& source : scrape.sources) sources.push_back(source_json(source));
  return {{"version", facts.version},
          {"uptime_seconds", to_seconds(std::chrono::floor<std::chrono::milliseconds>(facts.uptime))},
          {"ready", facts.why_not_ready.empty()},
          {"why_not_ready", facts.why_not_ready},
          {"connections", scrape.connections.held},
          {"max_connections", scrape.connections.capacity},
          {"buffered_bytes", scrape.buffered_bytes.held},
          {"queue", queue_json(scrape)},
          {"retries",
           {{"in_flight", scrape.retries.held},
            {"max_in_flight", scrape.retries.capacity == 0 ? Json(nullptr) : Json(scrape.retries.capacity)}}},
          {"totals", totals_json(scrape.books)},
          {"ledger", ledger_json(scrape.books.terms)},
          {"analyzers", std::move(analyzers)},
          {"removed_analyzers", std::move(removed)},
          {"clients", clients_json(scrape)},
          {"clients_not_shown", scrape.clients.size() - std::min(scrape.clients.size(), clients_max)},
          {"sources", std::move(sources)}};
}

/// A url is as configured, which need not be UTF-8: what is not is replaced.
std::string text_of(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

StatusFacts facts_of(const Sources& sources) {
  return {sources.version, sources.readiness().text(), Clock::now() - sources.started_at};
}

std::string to_status_json(const telemetry::Scrape& scrape, const StatusFacts& facts, const EventLog& events) {
  Json status = status_json(scrape, facts);
  status["events"] = recent_json(events);
  return text_of(status, 2) + "\n";
}

std::string to_status_line(const telemetry::Scrape& scrape, const StatusFacts& facts) {
  return text_of(status_json(scrape, facts), -1);
}

std::string to_event_line(const Event& event) { return text_of(event_json(event), -1); }

}  // namespace logdist::admin
