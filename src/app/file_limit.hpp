// Enough file descriptors for the connections that may be open.
#pragma once

#include "logdist/config/options.hpp"

namespace logdist::app {

/// Raises the soft limit on open files to the hard one. When even that is too
/// low for server.max_connections, warns and lowers server.max_connections, so
/// that agents cannot take the descriptors of analyzers and the admin port: those
/// above it are answered 503.
void fit_connections(config::Options& options);

}  // namespace logdist::app
