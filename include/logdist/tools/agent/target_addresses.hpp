// The addresses of a target, for a coroutine that connects to it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/result.hpp>

#include "logdist/base/time.hpp"
#include "logdist/config/text.hpp"
#include "logdist/net/host_addresses.hpp"

namespace logdist::tools {

/// net::HostAddresses with a timeout, for coroutines. A look-up cannot be cancelled, but
/// neither find() nor the end of the process waits longer than the timeout for a silent
/// name server.
///
/// Confined to the io_context's thread; one find() at a time. `names` must outlive
/// it, or its stop().
class TargetAddresses {
 public:
  TargetAddresses(boost::asio::io_context& io, net::NameResolver& names, const config::HttpUrl& target);

  /// The addresses, at least one, or why there are none: host_not_found_try_again
  /// when `limit` has passed, operation_aborted after stop().
  boost::asio::awaitable<boost::system::result<net::Endpoints>> find(Duration limit);
  /// The addresses were of no use: the next find() looks them up again.
  void forget() { addresses_.forget(); }
  /// Ends a find() under way and admits no other.
  void stop();

 private:
  net::HostAddresses addresses_;
  boost::asio::steady_timer limit_;  ///< cancelled when the look-up is over
  bool stopped_ = false;
};

}  // namespace logdist::tools
