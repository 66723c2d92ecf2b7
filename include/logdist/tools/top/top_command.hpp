// `log-distributor top`: the figures of a running daemon, live in a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "logdist/base/time.hpp"
#include "logdist/config/load.hpp"
#include "logdist/tools/control/admin_client.hpp"

namespace logdist::tools {

struct TopCommandOptions {
  AdminPort port{{}, std::chrono::seconds(2)};
  Duration interval = std::chrono::seconds(1);  ///< between two polls
  std::optional<std::uint64_t> count{};         ///< of polls; none: until q, Ctrl-C or TERM
};

/// In a terminal: a screen that is redrawn after each poll. Otherwise: one line per poll,
/// after the events since the last one, and one line per minute while the daemon does not
/// answer. It keeps trying. Returns the exit code: 0, or 1 if the URL is invalid or, after
/// `count` polls, the last one has failed.
int run_top(const TopCommandOptions& options, const config::Environment& environment);

}  // namespace logdist::tools
