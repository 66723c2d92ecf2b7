// The command line: which subcommand, with what.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "cli/check_command.hpp"
#include "cli/discover_command.hpp"
#include "cli/queue_command.hpp"
#include "cli/token_command.hpp"
#include "logdist/tools/agent/agent_command.hpp"
#include "logdist/tools/analyzer/analyzer_command.hpp"
#include "logdist/tools/control/control_commands.hpp"
#include "logdist/tools/control/health_command.hpp"
#include "logdist/tools/control/replay_command.hpp"
#include "logdist/tools/demo/demo_command.hpp"
#include "logdist/tools/top/top_command.hpp"

namespace logdist::cli {

struct ServeCommandOptions {
  std::optional<std::string> config_file;
};

/// The process ends without a subcommand: help, version, or what is wrong.
struct Exit {
  int code = 0;
  std::string output;  ///< for stdout when the code is 0, else for stderr
};

using Command =
    std::variant<ServeCommandOptions, CheckCommandOptions, DiscoverCommandOptions, tools::DemoCommandOptions,
                 tools::AnalyzerCommandOptions, tools::AgentCommandOptions, tools::HealthCommandOptions,
                 tools::AnalyzersCommandOptions, tools::ReloadCommandOptions, tools::ReplayCommandOptions,
                 tools::TopCommandOptions, QueueCommandOptions, TokenCommandOptions, Exit>;

/// Reads the arguments; touches nothing else.
Command parse_command_line(int argc, const char* const* argv);

}  // namespace logdist::cli
