// `log-distributor agent`: sends lines, dead letters or generated records as packets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "logdist/tools/agent/target_tls.hpp"

namespace logdist::tools {

struct AgentCommandOptions {
  std::string target;                         ///< URL; /v1/packets when it names no path
  TargetTlsOptions tls{};                     ///< of an https target
  std::optional<std::string> file{};          ///< the lines to send, "-" for stdin; none: generated records
  std::optional<std::string> dead_letters{};  ///< the packets to send again, "-" for stdin; then there is no file
  std::uint32_t batch = 50;                   ///< messages per packet
  std::optional<double> rate{};               ///< packets per second
  std::size_t connections = 8;
  std::optional<std::uint64_t> packets{};  ///< at most; without a file and this, until interrupted
};

/// Runs until the lines or packets end, or SIGINT or SIGTERM come (a second one
/// ends the process at once). Progress goes to stderr, the summary to stdout.
/// Returns the exit code: 0 when all that was sent was accepted.
int run_agent(const AgentCommandOptions& options);

}  // namespace logdist::tools
