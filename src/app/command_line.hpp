// The command line: which subcommand, with what.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "app/agent_command.hpp"
#include "app/analyzer_command.hpp"
#include "app/check_command.hpp"
#include "app/control_commands.hpp"
#include "app/demo_command.hpp"
#include "app/health_command.hpp"
#include "app/top_command.hpp"

namespace logdist::app {

struct ServeCommandOptions {
  std::optional<std::string> config_file;
};

/// The process ends without a subcommand: help, version, or what is wrong.
struct Exit {
  int code = 0;
  std::string output;  ///< for stdout when the code is 0, else for stderr
};

using Command = std::variant<ServeCommandOptions, CheckCommandOptions, DemoCommandOptions, AnalyzerCommandOptions,
                             AgentCommandOptions, HealthCommandOptions, AnalyzersCommandOptions, ReloadCommandOptions,
                             TopCommandOptions, Exit>;

/// Reads the arguments; touches nothing else.
Command parse_command_line(int argc, const char* const* argv);

}  // namespace logdist::app
