#include "admin/status.hpp"

#include <nlohmann/json.hpp>

namespace logdist::admin {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const ledger::Amount& amount) { return {{"packets", amount.packets}, {"messages", amount.messages}}; }

Json to_json(const ledger::Histogram& histogram) {
  return {{"p50", histogram.quantile_seconds(0.50)},
          {"p95", histogram.quantile_seconds(0.95)},
          {"p99", histogram.quantile_seconds(0.99)}};
}

/// Counts by label, in the order of the labels' values.
template <typename Label, std::size_t size>
Json to_json(const std::array<std::uint64_t, size>& counts) {
  Json json = Json::object();
  for (std::size_t i = 0; i < size; ++i) json[to_string(static_cast<Label>(i))] = counts[i];
  return json;
}

Json queue_json(const metrics::Scrape& scrape) {
  return {{"packets", scrape.queue_packets.held},
          {"bytes", scrape.queue_bytes.held},
          {"max_packets", scrape.queue_packets.capacity},
          {"max_bytes", scrape.queue_bytes.capacity}};
}

Json totals_json(const ledger::Snapshot& books) {
  return {{"packets_received", books.ingest.packets_received},
          {"messages_received", books.ingest.messages_received},
          {"received_bytes", books.ingest.bytes_received},
          {"caller_runs", books.ingest.caller_runs},
          {"packets_rejected", to_json<RejectReason>(books.ingest.rejected)},
          {"packets_dead_lettered", to_json<DeadLetterReason>(books.dead_lettered)},
          {"residence_seconds", to_json(books.residence)}};
}

Json ledger_json(const ledger::Terms& terms) {
  return {{"admitted", to_json(terms.admitted)},       {"queued", to_json(terms.queued)},
          {"waiting", to_json(terms.waiting)},         {"in_flight", to_json(terms.in_flight)},
          {"delivered", to_json(terms.delivered)},     {"dead_lettered", to_json(terms.dead_lettered)},
          {"handed_back", to_json(terms.handed_back)}, {"imbalance", to_json(terms.imbalance())}};
}

Json analyzer_json(const metrics::Scrape& scrape, const metrics::AnalyzerFacts& analyzer) {
  const ledger::AnalyzerCounts& counts = metrics::counts_of(scrape, analyzer);
  return {{"name", analyzer.name},
          {"url", analyzer.url},
          {"state", health::to_string(analyzer.state)},
          {"in_service", analyzer.in_service},
          {"paused", analyzer.paused},
          {"weight", analyzer.weight},
          {"target_share", analyzer.account.target_share},
          {"delivered_share", metrics::delivered_share(scrape, analyzer)},
          {"deficit", analyzer.account.deficit},
          {"debt", analyzer.account.debt},
          {"catch_ups", analyzer.account.catch_ups},
          {"in_flight", analyzer.account.in_flight},
          {"max_in_flight", analyzer.slots},
          {"delivered", to_json(counts.delivered)},
          {"failures", analyzer.failures},
          {"attempts", to_json<Outcome>(counts.attempts)},
          {"latency_seconds", to_json(counts.duration)}};
}

}  // namespace

std::string to_status_json(const metrics::Scrape& scrape, bool ready, std::string_view version) {
  Json analyzers = Json::array();
  for (const metrics::AnalyzerFacts& analyzer : scrape.analyzers) analyzers.push_back(analyzer_json(scrape, analyzer));
  const Json status{{"version", version},
                    {"ready", ready},
                    {"connections", scrape.connections.held},
                    {"buffered_bytes", scrape.buffered_bytes.held},
                    {"queue", queue_json(scrape)},
                    {"totals", totals_json(scrape.books)},
                    {"ledger", ledger_json(scrape.books.terms)},
                    {"analyzers", std::move(analyzers)}};
  // A url is as configured, which need not be UTF-8: what is not is replaced.
  return status.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace logdist::admin
