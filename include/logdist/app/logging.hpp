// The daemon's log: to stderr, as text for people or JSON lines for machines.
#pragma once

#include "logdist/config/options.hpp"

namespace logdist::app {

/// Makes spdlog's default logger write as configured. Thread-safe logger; to be
/// called once, before threads are started.
void set_up_logging(const config::LogOptions& options);

}  // namespace logdist::app
