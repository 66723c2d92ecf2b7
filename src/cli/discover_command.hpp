// `log-distributor discover`.
#pragma once

#include <optional>
#include <ostream>
#include <string>

#include "logdist/base/time.hpp"
#include "logdist/config/load.hpp"

namespace logdist::cli {

struct DiscoverCommandOptions {
  std::optional<std::string> config_file;
  Duration timeout = std::chrono::seconds(10);
};

/// Prints what each source of the configuration gives now, a line an analyzer. The exit status: 1 when the
/// configuration has an error, or a source gives no answer.
int run_discover(const DiscoverCommandOptions& options, const config::Environment& environment, std::ostream& out,
                 std::ostream& errors);

}  // namespace logdist::cli
