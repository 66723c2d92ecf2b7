// `log-distributor replay`: has a running daemon send packets once more, and shows how far it is.
#pragma once

#include <string>
#include <vector>

#include "logdist/base/time.hpp"
#include "logdist/tools/control/admin_client.hpp"

namespace logdist::tools {

struct ReplayCommandOptions {
  AdminPort admin{};
  std::string from{};                                  ///< as the admin port takes it; empty: from the beginning
  std::string to{};                                    ///< likewise; empty: until now
  std::vector<std::string> ids{};                      ///< only packets with these; none: all
  bool dead_letters = false;                           ///< only those that no analyzer took
  std::string analyzer{};                              ///< they go only there; empty: to any
  double rate = 0;                                     ///< packets per second; 0: as they are taken
  bool dry_run = false;                                ///< only counts
  Duration interval = std::chrono::milliseconds(500);  ///< between two looks
};

/// Begins a replay, and waits for its end: with a progress bar on a terminal, else with one line at the end. INT and
/// TERM stop the replay. The exit code: 0; 1 when it could not begin, was stopped, or could not read all; stderr says
/// why.
int run_replay(const ReplayCommandOptions& options, const config::Environment& environment);

}  // namespace logdist::tools
