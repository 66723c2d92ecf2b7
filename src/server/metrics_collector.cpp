#include "logdist/server/metrics_collector.hpp"

#include <algorithm>
#include <map>
#include <string_view>

#include <boost/asio/post.hpp>

#include "logdist/config/text.hpp"

namespace logdist::server {
namespace {

/// Of all loops so far.
struct Sums {
  ledger::Snapshot books;
  std::uint64_t requests_resent = 0;
  TimePoint oldest_admitted = never;
};

telemetry::AnalyzerFacts facts_of(AnalyzerId id, const registry::RegistryEntry& entry,
                                  const dispatch::AnalyzerView& view) {
  return {id,
          entry.configured.name,
          entry.configured.url,
          entry.weight.value(),
          view.state,
          view.in_service,
          view.paused,
          view.slots,
          view.failures,
          view.account,
          view.drained,
          view.ejected,
          view.ejections,
          entry.configured.zone,
          entry.configured.source};
}

telemetry::Scrape complete(Sums sums, SharedState& shared, const ingest::ConnectionSlots& connections) {
  const config::Options& options = shared.options;
  telemetry::Scrape scrape;
  scrape.books = std::move(sums.books);
  scrape.requests_resent = sums.requests_resent;
  if (sums.oldest_admitted != never) {
    scrape.oldest_packet_age_seconds = to_seconds(std::max(Clock::now() - sums.oldest_admitted, Duration::zero()));
  }
  scrape.queue_packets = {shared.bounds.packets(), shared.bounds.max_packets()};
  scrape.queue_bytes = {shared.bounds.bytes(), shared.bounds.max_bytes()};
  scrape.connections = {connections.taken(), options.server.max_connections};
  scrape.buffered_bytes = {shared.bodies.held_bytes(), shared.bodies.max_bytes()};
  scrape.dead_letter_write_failures = shared.dead_letters->write_failures();
  if (shared.storage) {
    scrape.storage = shared.storage->facts();
    scrape.storage.sync = config::format_sync(options.queue.sync);
  }
  if (shared.acks) {
    const queue::AckRegistry::Counts acks = shared.acks->counts();
    scrape.acks = {acks.channels, acks.pending, acks.delivered, acks.forgotten_pending, acks.forgotten_delivered};
  }
  scrape.clients = shared.agent_access.facts();
  scrape.tls = shared.tls.facts();
  const dispatch::RetryLevel retries = shared.balancer.retries();
  scrape.retries = {retries.in_flight, retries.limit == retry::RetryBudget::unlimited ? 0 : retries.limit};
  const TimePoint now = Clock::now();
  const std::vector<dispatch::AnalyzerView> views = shared.balancer.views(now);
  shared.registry.fold_removed(views, now);
  show_analyzers(scrape, shared.registry, views);
  return scrape;
}

/// The answers that have come; control thread only.
struct Gathering {
  std::size_t missing;
  Sums sums;
  std::function<void(telemetry::Scrape)> done;
};

}  // namespace

void show_analyzers(telemetry::Scrape& scrape, const registry::AnalyzerRegistry& registry,
                    const std::vector<dispatch::AnalyzerView>& views) {
  const auto folded = static_cast<AnalyzerId>(views.size());  // a place of its own, behind all of them
  scrape.books.analyzers.resize(std::max<std::size_t>(scrape.books.analyzers.size(), folded + 1));
  std::map<std::string_view, AnalyzerId> last;
  for (AnalyzerId id = 0; id < folded; ++id) {
    if (!registry[id].folded) last[registry[id].configured.name] = id;
  }
  std::map<AnalyzerId, telemetry::AnalyzerFacts> shown;
  for (const auto& [name, id] : last) shown[id] = facts_of(id, registry[id], views[id]);
  for (AnalyzerId id = 0; id < folded; ++id) {
    const AnalyzerId successor = registry[id].folded ? folded : last[registry[id].configured.name];
    if (successor == id) continue;
    telemetry::AnalyzerFacts& facts = shown[successor];
    scrape.books.analyzers[successor] += scrape.books.analyzers[id];
    facts.failures += views[id].failures;
    facts.account.catch_ups += views[id].account.catch_ups;
    facts.account.in_flight += views[id].account.in_flight;
  }
  const registry::FoldedCounts& gone = registry.folded();
  if (gone.analyzers > 0) {
    telemetry::AnalyzerFacts& facts = shown[folded];
    scrape.books.analyzers[folded] += scrape.books.folded;
    facts.failures += gone.failures;
    facts.account.catch_ups += gone.catch_ups;
  }
  for (auto& [id, facts] : shown) {
    if (id == folded) {
      facts.id = folded;
      facts.name = folded_name;
    }
    const bool is_configured = id != folded && !views[id].removed;
    (is_configured ? scrape.analyzers : scrape.removed).push_back(std::move(facts));
  }
}

void collect_metrics(boost::asio::io_context& control, const std::vector<std::unique_ptr<Loop>>& loops,
                     SharedState& shared, const ingest::ConnectionSlots& connections,
                     std::function<void(telemetry::Scrape)> done) {
  const auto gathering = std::make_shared<Gathering>(Gathering{loops.size(), {}, std::move(done)});
  for (const auto& loop : loops) {
    loop->post([&control, &shared, &connections, gathering](Loop& own) {
      boost::asio::post(control,
                        [&shared, &connections, gathering, books = own.ledger().snapshot(),
                         resent = own.upstream().statistics().resent, oldest = own.dispatcher().oldest_admitted()] {
                          gathering->sums.books += books;
                          gathering->sums.requests_resent += resent;
                          gathering->sums.oldest_admitted = std::min(gathering->sums.oldest_admitted, oldest);
                          if (--gathering->missing == 0)
                            gathering->done(complete(std::move(gathering->sums), shared, connections));
                        });
    });
  }
}

}  // namespace logdist::server
