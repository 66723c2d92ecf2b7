// TLS towards one server.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "logdist/config/options.hpp"
#include "logdist/net/tls/tls_problem.hpp"
#include "logdist/net/transport.hpp"

namespace logdist::net {

/// What a server is to show, and what it is shown; read and found good. Immutable, but for the sessions it remembers.
class ClientContext;

/// Speaks TLS on connections to one server. Chain and name of its certificate are verified, by subject alternative
/// names alone, unless `verify` is false. Its name is sent (SNI) unless it is an address; sessions are resumed, each
/// ticket of TLS 1.3 once.
///
/// A new connection uses the latest context, and keeps it. Thread-safe.
class ClientTls {
 public:
  /// Reads the files. May block. `host`: of the url, an IPv6 address without its brackets. `doubts` gets what is
  /// hardly meant.
  static TlsResult<std::shared_ptr<ClientContext>> prepare(const config::AnalyzerTlsOptions& options,
                                                           const std::string& host,
                                                           std::vector<TlsProblem>* doubts = nullptr);

  /// Before the first connection it needs a context.
  explicit ClientTls(std::shared_ptr<ClientContext> context = nullptr);
  ~ClientTls();
  ClientTls(const ClientTls&) = delete;
  ClientTls& operator=(const ClientTls&) = delete;

  void use(std::shared_ptr<ClientContext> context);
  std::unique_ptr<Transport> connect(Stream stream);
  /// Of `tls`, which it keeps; empty when that is null.
  static TransportFactory factory(std::shared_ptr<ClientTls> tls);

 private:
  class Shared;
  const std::unique_ptr<Shared> shared_;
};

}  // namespace logdist::net
