// Analyzers that are this daemon itself.
#pragma once

#include <optional>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "logdist/base/time.hpp"
#include "logdist/config/load.hpp"
#include "logdist/net/name_resolver.hpp"

namespace logdist::registry {

/// The names and addresses that this machine knows.
struct LocalNames {
  net::Lookup lookup = net::system_lookup;
  /// Of the interfaces.
  std::vector<boost::asio::ip::address> addresses;
  /// What a look-up may take; a name that is not found in time is passed over.
  Duration limit = std::chrono::seconds(2);

  static LocalNames of_this_machine();
};

/// Adds an error to `loaded` for each analyzer whose url leads to the daemon's own packet port, by any name or
/// address: each packet would come back, and be sent again. `listening` is where the port is, if it is already
/// open; otherwise server.listen counts. Looks up only the names of analyzers with the port's number. May block
/// for `limit`.
void check_loops(config::Loaded& loaded, const std::optional<std::vector<config::ListenAddress>>& listening,
                 const LocalNames& names = LocalNames::of_this_machine());

}  // namespace logdist::registry
