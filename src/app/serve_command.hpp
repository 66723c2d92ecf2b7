// `log-distributor serve`: the daemon.
#pragma once

#include <optional>
#include <string>

namespace logdist::app {

/// Runs the daemon until TERM or INT. Exit code: 0 after a clean drain; 1, with
/// one clear line, when it could not start; 2 when packets were left at the end
/// of the grace.
int run_serve(const std::optional<std::string>& config_file);

}  // namespace logdist::app
