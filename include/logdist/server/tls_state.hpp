// TLS of the daemon, as it is now.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "logdist/config/options.hpp"
#include "logdist/net/tls/client_tls.hpp"
#include "logdist/net/tls/server_tls.hpp"
#include "logdist/registry/analyzer_registry.hpp"
#include "logdist/telemetry/scrape.hpp"

namespace logdist::server {

/// Takes new certificates in two steps, so that a reload is taken or refused as a whole: prepare() reads all files,
/// use_prepared() makes new connections use them, those of the ports and those to analyzers. Both are the control
/// thread's; the ports are any thread's.
class TlsState {
 public:
  explicit TlsState(std::size_t loops) : loops_(loops) {}

  /// What is wrong with the files, each in a line; empty: all is good.
  std::vector<std::string> prepare(const config::Options& options);
  /// The same of the analyzers alone; the port's stay as they are.
  std::vector<std::string> prepare_analyzers(const config::Options& options);
  /// After a prepare() that found nothing wrong. Of two analyzers of one name the one that is entering is meant.
  void use_prepared(registry::AnalyzerRegistry& registry);

  net::ServerTls& packet_port() { return packet_port_; }
  const net::ServerTls& packet_port() const { return packet_port_; }
  /// Served by one loop, the control thread's: number 0.
  net::ServerTls& admin_port() { return admin_port_; }
  const net::ServerTls& admin_port() const { return admin_port_; }

  /// Of the ports that speak TLS.
  std::vector<telemetry::TlsFacts> facts() const;

 private:
  const std::size_t loops_;
  net::ServerTls packet_port_{"packet"};
  net::ServerTls admin_port_{"admin"};
  struct PreparedPorts {
    std::shared_ptr<const net::ServerContexts> packet;
    std::shared_ptr<const net::ServerContexts> admin;
  };
  std::optional<PreparedPorts> prepared_;  ///< none: the ports stay as they are
  std::map<std::string, std::shared_ptr<net::ClientContext>, std::less<>> prepared_of_analyzers_;  ///< by name
};

}  // namespace logdist::server
