// Drives the load balancer's clock on the control thread: back-offs, pauses, ramps
// and probes, and logs how analyzers fare.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "logdist/config/options.hpp"
#include "logdist/dispatch/load_balancer.hpp"
#include "logdist/net/name_resolver.hpp"
#include "logdist/registry/analyzer_events.hpp"
#include "logdist/registry/analyzer_log.hpp"
#include "logdist/registry/analyzer_registry.hpp"
#include "logdist/registry/prober.hpp"

namespace logdist::registry {

/// Calls the load balancer when a back-off, a pause or a ramp ends or a probe is due; runs
/// the probes; logs how analyzers fare. Confined to the control thread, except wake(). `io`
/// must not run its handlers any more when it is destroyed.
class HealthDriver {
 public:
  /// Of those present in `registry`. What happens is posted to `events`, too; both outlive it.
  HealthDriver(boost::asio::io_context& io, dispatch::LoadBalancer& balancer, net::NameResolver& names,
               const config::Options& options, const AnalyzerRegistry& registry, admin::EventLog& events);

  /// Another analyzer: the next id, or one that was another's. Before the load balancer knows it.
  void set(AnalyzerId id, const config::AnalyzerOptions& analyzer);
  /// Of its probes, from the next on.
  void set_headers(AnalyzerId analyzer, const std::vector<std::pair<std::string, std::string>>& headers);

  void start();
  void stop();

  /// The load balancer has something new for the control thread. Any thread; cheap while
  /// the last wake is pending.
  void wake();

 private:
  void tick();
  void begin_probe(const dispatch::ProbeOrder& order);

  boost::asio::io_context& io_;
  dispatch::LoadBalancer& balancer_;
  const AnalyzerRegistry& registry_;
  std::optional<registry::Prober> prober_;  ///< none when probing is off
  AnalyzerLog log_;
  AnalyzerEvents events_;
  boost::asio::steady_timer timer_;
  std::atomic<bool> wake_pending_{false};
  bool stopped_ = false;
};

}  // namespace logdist::registry
