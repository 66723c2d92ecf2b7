// The addresses of one analyzer, for connections from one io_context.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include "logdist/base/time.hpp"
#include "logdist/net/name_resolver.hpp"

namespace logdist::net {

using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

/// Finds the endpoints of one host and port: at once for an address, through the
/// NameResolver for a name. Handlers are called on the thread of `io`.
///
/// Confined to that thread; not destroyed from within a handler. `io` and `names` must
/// outlive it, or its stop(). A pending look-up does not keep `io` running: the caller
/// has a timeout of its own.
class HostAddresses {
 public:
  /// Called with the addresses, at least one, or with why there are none.
  using Handler = std::function<void(const boost::system::error_code&, const Endpoints&)>;

  /// `host` is a name or an address, IPv6 without brackets; `port` is decimal.
  HostAddresses(boost::asio::io_context& io, NameResolver& names, std::string host, const std::string& port);
  ~HostAddresses();
  HostAddresses(const HostAddresses&) = delete;
  HostAddresses& operator=(const HostAddresses&) = delete;

  /// Calls `handler` once: from within when the addresses are known, else later.
  void resolve(TimePoint now, Handler handler);
  /// The addresses were of no use: the next resolve() looks them up again.
  void forget();
  /// Drops the handlers that wait; pending look-ups have no effect. No resolve()
  /// afterwards.
  void stop();

 private:
  class Mailbox;

  void finish(const boost::system::error_code& error, const Addresses& addresses);
  Endpoints endpoints(const Addresses& addresses) const;

  boost::asio::io_context& io_;
  NameResolver& names_;
  const std::string host_;
  std::uint16_t port_ = 0;
  std::optional<boost::asio::ip::address> address_;  ///< when `host` is one
  std::vector<Handler> waiting_;                     ///< for the look-up under way; empty when there is none
  const std::shared_ptr<Mailbox> mailbox_;
};

}  // namespace logdist::net
