#include "app/check_command.hpp"

#include <fmt/format.h>

namespace logdist::app {

int run_check(const CheckCommandOptions& options, const config::Environment& environment) {
  const config::Loaded loaded = config::load(options.config_file, environment);
  for (const auto& warning : loaded.warnings) fmt::print(stderr, "warning: {}\n", to_string(warning));
  for (const auto& fault : loaded.faults) fmt::print("{}\n", to_string(fault));
  const std::size_t analyzers = loaded.options.analyzers.size();
  if (loaded.faults.empty()) {
    fmt::print("{}: ok, {} {}\n", options.config_file, analyzers, analyzers == 1 ? "analyzer" : "analyzers");
  }
  std::fflush(stdout);
  return loaded.faults.empty() ? 0 : 1;
}

}  // namespace logdist::app
