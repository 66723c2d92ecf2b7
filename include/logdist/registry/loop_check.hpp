// Analyzers that are this daemon itself.
#pragma once

#include <optional>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "logdist/base/time.hpp"
#include "logdist/config/load.hpp"
#include "logdist/net/name_resolver.hpp"

namespace logdist::registry {

/// What this machine knows of names and addresses.
struct LocalNames {
  net::Lookup lookup = net::system_lookup;
  /// Of the interfaces.
  std::vector<boost::asio::ip::address> addresses;
  /// What a look-up may take; a name that is not found in time is passed over.
  Duration limit = std::chrono::seconds(2);

  static LocalNames of_this_machine();
};

/// Adds a fault to `loaded` for each analyzer whose url leads to our own packet port, by any name or address:
/// each packet would come back, and be sent again. `listening` is where the port is, when it is open already;
/// without it, where server.listen says. Looks up no name but of analyzers with the port's number. May block
/// for `limit`.
void check_loops(config::Loaded& loaded, const std::optional<std::vector<config::ListenAddress>>& listening,
                 const LocalNames& names = LocalNames::of_this_machine());

}  // namespace logdist::registry
