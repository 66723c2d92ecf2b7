// `log-distributor demo`: daemon, agent and analyzers at work in one process.
#pragma once

#include <cstdint>
#include <optional>

namespace logdist::tools {

struct DemoCommandOptions {
  std::optional<double> seconds;         ///< how long; none: until the packets are sent, or interrupted
  std::optional<std::uint64_t> packets;  ///< how many; none: until the time is over, or interrupted
};

/// Three analyzers of weights 40, 30 and 30, an agent and the daemon on free
/// loopback ports. Prints the shares live, then a summary table. Returns the exit
/// code.
int run_demo(const DemoCommandOptions& options);

}  // namespace logdist::tools
