// `log-distributor check`: reads a configuration as `serve` would, and reports.
#pragma once

#include <string>

#include "logdist/config/load.hpp"

namespace logdist::app {

struct CheckCommandOptions {
  std::string config_file;
};

/// Every fault on stdout, every warning on stderr; also one when dead letters could
/// not be written here, which is none of the text's faults. Returns the exit code: 0 when
/// `serve` would take it.
int run_check(const CheckCommandOptions& options, const config::Environment& environment);

}  // namespace logdist::app
