// `log-distributor analyzers` and `log-distributor reload`: what operators have
// changed in a running daemon, through its admin port.
#pragma once

#include <cstdint>
#include <string>

#include "logdist/tools/control/admin_client.hpp"

namespace logdist::tools {

struct AnalyzersCommandOptions {
  enum class Action : std::uint8_t { list, drain, undrain, weight };

  Action action = Action::list;
  std::string name{};    ///< of the analyzer, but for `list`
  std::string weight{};  ///< of `weight`, as written
  AdminPort admin{};
};

struct ReloadCommandOptions {
  AdminPort admin{};
};

/// Prints the analyzers, or the new state of one. Returns the exit code: 0, or 1 if it
/// failed; stderr says why.
int run_analyzers(const AnalyzersCommandOptions& options, const config::Environment& environment);

/// Prints what has changed. Returns the exit code: 0, or 1 when the configuration
/// was refused, with every fault on stderr.
int run_reload(const ReloadCommandOptions& options, const config::Environment& environment);

}  // namespace logdist::tools
