// What the kernel knows of this process.
#pragma once

#include <limits>

namespace logdist::telemetry {

/// The facts behind the standard process_* metrics. NaN where the kernel did not
/// say, which is how Prometheus writes "unknown".
struct ProcessFacts {
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

  double cpu_seconds = unknown;  ///< user and system
  double resident_memory_bytes = unknown;
  double virtual_memory_bytes = unknown;
  double open_fds = unknown;
  double max_fds = unknown;             ///< the soft limit
  double start_time_seconds = unknown;  ///< since 1970
  double threads = unknown;
};

/// Reads them now, from getrusage(2), getrlimit(2) and proc(5).
ProcessFacts read_process_facts();

}  // namespace logdist::telemetry
