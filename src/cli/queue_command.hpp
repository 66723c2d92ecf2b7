// `queue`: what is in the directory of a durable queue, without its daemon.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

namespace logdist::cli {

struct QueueCommandOptions {
  enum class Action : std::uint8_t { list, verify, export_packets };
  Action action = Action::list;
  std::string directory;
  std::optional<std::int64_t> from_ns;  ///< since 1970: packets received from then on
  std::optional<std::int64_t> to_ns;    ///< and before then
  bool dead_letters = false;            ///< only those that no analyzer takes
};

/// Reads only. 0; 1 when the directory cannot be read, or `verify` has found damage.
int run_queue(const QueueCommandOptions& options, std::ostream& out, std::ostream& errors);

}  // namespace logdist::cli
