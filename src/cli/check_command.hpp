// `log-distributor check`: reads a configuration as `serve` would, and reports.
#pragma once

#include <optional>
#include <string>

#include "logdist/config/load.hpp"

namespace logdist::cli {

struct CheckCommandOptions {
  std::optional<std::string> config_file;  ///< none: only the environment
  bool reload = false;                     ///< for a daemon that listens already
};

/// Every fault on stdout, every warning on stderr; that dead letters cannot be written here, and
/// that an address is none to listen on, are among the faults. A port in use is none: the daemon
/// may be running. Returns the exit code: 0 when `serve` would take it, else 1.
int run_check(const CheckCommandOptions& options, const config::Environment& environment);

}  // namespace logdist::cli
