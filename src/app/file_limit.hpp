// Enough file descriptors for the connections that may be open.
#pragma once

#include "logdist/config/options.hpp"

namespace logdist::app {

/// Raises the soft limit on open files to the hard one; warns when even that is
/// too low for server.max_connections.
void raise_file_limit(const config::Options& options);

}  // namespace logdist::app
