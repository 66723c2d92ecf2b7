// `queue`: what is in the directory of a durable queue, without its daemon.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace logdist::cli {

struct QueueCommandOptions {
  enum class Action : std::uint8_t { list, verify, export_packets };
  Action action = Action::list;
  std::string directory;
  std::optional<std::int64_t> from_ns;  ///< since 1970: packets received from then on
  std::optional<std::int64_t> to_ns;    ///< and before then
  bool dead_letters = false;            ///< only those that no analyzer takes
};

/// A time as RFC 3339 has it (`2026-05-01T10:00:00Z`, `…+02:00`), or a duration before `now_ns` (`-15m`), in
/// nanoseconds since 1970. None when it is neither.
std::optional<std::int64_t> parse_time(std::string_view text, std::int64_t now_ns);

/// Reads only. 0; 1 when the directory cannot be read, or `verify` has found damage.
int run_queue(const QueueCommandOptions& options, std::ostream& out, std::ostream& errors);

}  // namespace logdist::cli
