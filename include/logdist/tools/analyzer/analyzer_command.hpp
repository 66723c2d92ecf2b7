// `log-distributor analyzer`: the reference analyzer as a program of its own.
#pragma once

#include <optional>
#include <string>

#include "logdist/base/time.hpp"

namespace logdist::tools {

struct AnalyzerCommandOptions {
  std::string listen;                           ///< ADDR:PORT; port 0: any free one
  Duration latency{};                           ///< before each answer
  double fail_rate = 0;                         ///< share of answers that are 500, 0–1
  unsigned status = 200;                        ///< of every answer, 200–599
  std::optional<std::string> register_at = {};  ///< consul://HOST:PORT/SERVICE or etcd://HOST:PORT/PREFIX
};

/// Prints one line with its address once it listens, runs until SIGINT or
/// SIGTERM (a second one ends the process at once), and prints what it took.
/// Returns the exit code: 0, or 1 after one line on stderr when it cannot listen.
int run_analyzer(const AnalyzerCommandOptions& options);

}  // namespace logdist::tools
