// The addresses of one analyzer, for those who connect to it from one io_context.
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

/// Says where one host and port is: at once for an address, through the
/// NameResolver for a name. What is found is told on the thread of `io`.
///
/// Confined to that thread; not destroyed from within a handler. `io` and
/// `names` must outlive it, or its stop(). A look-up under way is no work that
/// keeps `io` running: who asks has a time limit of its own.
class HostAddresses {
 public:
  /// Told the addresses, at least one, or why there are none.
  using Handler = std::function<void(const boost::system::error_code&, const Endpoints&)>;

  /// `host` is a name or an address, IPv6 without brackets; `port` is decimal.
  HostAddresses(boost::asio::io_context& io, NameResolver& names, std::string host, const std::string& port);
  ~HostAddresses();
  HostAddresses(const HostAddresses&) = delete;
  HostAddresses& operator=(const HostAddresses&) = delete;

  /// Calls `handler` once: from within when the addresses are known, else later.
  void resolve(TimePoint now, Handler handler);
  /// The addresses were of no use: the next resolve() looks anew.
  void forget();
  /// Handlers that wait are dropped, and look-ups under way tell nobody. No
  /// resolve() afterwards.
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
