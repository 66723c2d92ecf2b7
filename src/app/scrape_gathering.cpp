#include "app/scrape_gathering.hpp"

#include <boost/asio/post.hpp>

namespace logdist::app {
namespace {

/// Of all loops so far.
struct Sums {
  ledger::Snapshot books;
  std::uint64_t requests_resent = 0;
};

metrics::Scrape complete(Sums sums, const Shared& shared, const ingest::ConnectionSlots& connections) {
  const config::Options& options = shared.options;
  metrics::Scrape scrape;
  scrape.books = std::move(sums.books);
  scrape.requests_resent = sums.requests_resent;
  scrape.queue_packets = {shared.bounds.packets(), shared.bounds.max_packets()};
  scrape.queue_bytes = {shared.bounds.bytes(), shared.bounds.max_bytes()};
  scrape.connections = {connections.taken(), options.server.max_connections};
  scrape.buffered_bytes = {shared.bodies.held_bytes(), shared.bodies.max_bytes()};
  scrape.dead_letter_write_failures = shared.dead_letters->write_failures();
  const std::vector<dispatch::AnalyzerView> views = shared.scheduler.views(Clock::now());
  for (AnalyzerId id = 0; id < views.size(); ++id) {
    const config::AnalyzerOptions& configured = options.analyzers[id];
    const dispatch::AnalyzerView& view = views[id];
    scrape.analyzers.push_back({id, configured.name, configured.url, configured.weight.value(), view.state,
                                view.in_service, view.paused, view.slots, view.failures, view.account});
  }
  return scrape;
}

/// The answers that have come; control thread only.
struct Gathering {
  std::size_t missing;
  Sums sums;
  std::function<void(metrics::Scrape)> done;
};

}  // namespace

void gather_scrape(boost::asio::io_context& control, const std::vector<std::unique_ptr<Loop>>& loops,
                   const Shared& shared, const ingest::ConnectionSlots& connections,
                   std::function<void(metrics::Scrape)> done) {
  const auto gathering = std::make_shared<Gathering>(Gathering{loops.size(), {}, std::move(done)});
  for (const auto& loop : loops) {
    loop->post([&control, &shared, &connections, gathering](Loop& own) {
      boost::asio::post(control, [&shared, &connections, gathering, books = own.ledger().snapshot(),
                                  resent = own.upstream().statistics().resent] {
        gathering->sums.books += books;
        gathering->sums.requests_resent += resent;
        if (--gathering->missing == 0) gathering->done(complete(std::move(gathering->sums), shared, connections));
      });
    });
  }
}

}  // namespace logdist::app
