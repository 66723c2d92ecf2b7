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
  Duration interval = std::chrono::seconds(1);  ///< between two looks
  std::optional<std::uint64_t> count{};         ///< of looks; none: until q, Ctrl-C or TERM
};

/// In a terminal a screen that is drawn anew after each look. Else a line a look, the
/// events since the one before it first, and a line a minute while the daemon is away.
/// A daemon that is away is waited for. Returns the exit code: 0, or 1 when the URL
/// is none or, after `count` looks, the last one has failed.
int run_top(const TopCommandOptions& options, const config::Environment& environment);

}  // namespace logdist::tools
