// Active health probes: GET <health.path> at an analyzer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "logdist/base/ids.hpp"
#include "logdist/base/time.hpp"
#include "logdist/core/failure.hpp"
#include "logdist/health/health.hpp"
#include "logdist/net/host_addresses.hpp"
#include "logdist/net/transport.hpp"

namespace logdist::registry {

/// The analyzer to probe.
struct Target {
  std::string host;
  std::string port;
  std::vector<std::pair<std::string, std::string>> headers;  ///< sent along, as with packets
  net::TransportFactory layer = {};                          ///< on each connection; empty: none
  bool is_https = false;
};

/// Sends probes on the control thread's io_context, each on its own connection, and judges
/// the answers. An analyzer whose name is not found in time fails its probe and delays no
/// other. Confined to that thread; the io_context must
/// not run handlers any more when the prober is destroyed, and the resolver of
/// names must outlive it.
class Prober {
 public:
  /// The failure says why it failed, if it did.
  using Done = std::function<void(health::ProbeResult, const core::Failure&)>;

  /// `path` is not empty; `timeout` bounds one probe, name resolution included.
  Prober(boost::asio::io_context& io, net::NameResolver& names, std::string path, Duration timeout,
         std::vector<Target> targets);

  /// Another analyzer: the next id, or one that was another's. What is under way there goes on.
  void set(AnalyzerId analyzer, Target target);
  /// From the next probe on.
  void set_headers(AnalyzerId analyzer, std::vector<std::pair<std::string, std::string>> headers);

  /// Begins a probe; `done` is called once, later, with passed for a 2xx, missing
  /// for 404, 405 and 501, failed for everything else.
  void probe(AnalyzerId analyzer, Done done);

 private:
  boost::asio::io_context& io_;
  const std::string path_;
  const Duration timeout_;
  net::NameResolver& names_;
  std::vector<std::shared_ptr<const Target>> targets_;          ///< by AnalyzerId; a probe under way keeps its own
  std::vector<std::unique_ptr<net::HostAddresses>> addresses_;  ///< of the targets
};

}  // namespace logdist::registry
