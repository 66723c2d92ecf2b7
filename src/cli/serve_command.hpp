// `log-distributor serve`: the daemon.
#pragma once

#include <optional>
#include <string>

namespace logdist::cli {

/// Runs the daemon until TERM or INT. Exit code: 0 after a clean drain; 1, with
/// one clear line, when it could not start; 2 when packets were left at the end
/// of the grace, or when a second signal ended the drain: within two seconds then, in which
/// what is left is written to the dead-letter file. Once the drain is over
/// its code stands: a signal that comes even later ends at once, with that code.
int run_serve(const std::optional<std::string>& config_file);

}  // namespace logdist::cli
