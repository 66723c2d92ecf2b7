#include "logdist/telemetry/scrape.hpp"

namespace logdist::telemetry {

const ledger::AnalyzerCounts& counts_of(const Scrape& scrape, const AnalyzerFacts& analyzer) {
  static const ledger::AnalyzerCounts none;
  return analyzer.id < scrape.books.analyzers.size() ? scrape.books.analyzers[analyzer.id] : none;
}

const ledger::ClientCounts& counts_of(const Scrape& scrape, const ClientFacts& client) {
  static const ledger::ClientCounts none;
  return client.id < scrape.books.clients.size() ? scrape.books.clients[client.id] : none;
}

double delivered_share(const Scrape& scrape, const AnalyzerFacts& analyzer) {
  const auto all = static_cast<double>(scrape.books.terms.delivered.messages);
  return all > 0 ? static_cast<double>(counts_of(scrape, analyzer).delivered.messages) / all : 0;
}

}  // namespace logdist::telemetry
