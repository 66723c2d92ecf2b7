// The daemon's log: to stderr, as text for people or JSON lines for machines.
#pragma once

#include <string>

#include "logdist/config/options.hpp"

namespace logdist::app {

/// Makes spdlog's default logger write as configured. Thread-safe logger that
/// never blocks its caller; to be called once, before threads are started.
void set_up_logging(const config::LogOptions& options);

/// Writes what is still to be written; the last thing a process does.
void shut_down_logging();

/// Writes an information whatever log.level is: who starts the daemon waits for
/// its addresses.
void log_always(const std::string& message);

}  // namespace logdist::app
