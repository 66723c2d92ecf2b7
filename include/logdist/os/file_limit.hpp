// Enough file descriptors for the connections that may be open.
#pragma once

#include <cstddef>
#include <cstdint>

#include "logdist/config/options.hpp"

namespace logdist::os {

/// How many connections there can be.
struct ConnectionLimits {
  std::size_t of_agents = 1;
  std::uint32_t to_an_analyzer = 1;

  friend bool operator==(const ConnectionLimits&, const ConnectionLimits&) = default;
};

/// What `files_max` open files allow of server.max_connections and
/// delivery.max_connections beside all else that needs one, probes among it: when
/// not both, neither side has less than half of what there is, if it wants it.
ConnectionLimits fit(const config::Options& options, std::size_t files_max);

/// The same with as many as may be open now.
ConnectionLimits fit_now(const config::Options& options);

/// Raises the soft limit on open files to the hard one. If even that is too low, warns
/// and lowers server.max_connections and delivery.max_connections, so that each side has
/// its descriptors: agents above the limit are answered 503.
void fit_connections(config::Options& options);

}  // namespace logdist::os
