// The addresses of one analyzer, and which of them a new connection goes to.
#pragma once

#include <cstddef>
#include <map>

#include <boost/asio/ip/tcp.hpp>

#include "logdist/base/time.hpp"
#include "logdist/net/host_addresses.hpp"

namespace logdist::net {

/// Spreads the connections of a pool evenly over all addresses of a name: the one with the fewest comes
/// first, of equal ones the next in turn. One that could not be reached is the last choice for a while.
/// As many as the last look-up brought, and those that still have connections. Sans-I/O; confined to its pool.
class AddressSet {
 public:
  using Endpoint = boost::asio::ip::tcp::endpoint;
  static constexpr Duration avoided_for = std::chrono::seconds(10);

  /// `first_turn`: where the turn begins, so that loops do not all begin at the same one.
  explicit AddressSet(std::size_t first_turn = 0) : turn_(first_turn) {}

  /// What was looked up, in the order to try them in. The first is counted as this connection's,
  /// until moved() or released().
  Endpoints assign(Endpoints found, TimePoint now);
  /// The connection assigned to `from` is one to `to`.
  void moved(const Endpoint& from, const Endpoint& to);
  /// A connection to it is gone.
  void released(const Endpoint& endpoint);
  void unreachable(const Endpoint& endpoint, TimePoint now);
  void reached(const Endpoint& endpoint);

  /// How many were worth trying when the last connection was assigned, less those that have failed since.
  std::size_t reachable() const { return reachable_; }
  /// Those remembered.
  std::size_t size() const { return known_.size(); }

 private:
  struct Address {
    std::size_t connections = 0;
    TimePoint avoided_until = TimePoint::min();
  };

  void forget_others(const Endpoints& found);

  std::map<Endpoint, Address> known_;
  std::size_t turn_;
  std::size_t reachable_ = 0;
};

}  // namespace logdist::net
