#include "cli/check_command.hpp"

#include <fmt/format.h>

#include "logdist/registry/loop_check.hpp"
#include "logdist/sink/dead_letters/dead_letter_file.hpp"

namespace logdist::cli {

int run_check(const CheckCommandOptions& options, const config::Environment& environment) {
  const std::string source = options.config_file.value_or("environment");
  config::Loaded loaded = config::load(options.config_file, environment);
  registry::check_loops(loaded, std::nullopt);
  const std::string& letters = loaded.options.delivery.dead_letter;
  if (const std::string why = sink::DeadLetterFile::why_not(letters); !why.empty()) {
    loaded.errors.push_back({source, 0, "delivery.dead_letter", fmt::format("cannot append to {}: {}", letters, why)});
  }
  for (const auto& warning : loaded.warnings) fmt::print(stderr, "warning: {}\n", to_string(warning));
  for (const auto& fault : loaded.errors) fmt::print("{}\n", to_string(fault));
  const std::size_t analyzers = loaded.options.analyzers.size();
  if (loaded.errors.empty()) {
    fmt::print("{}: ok, {} {}\n", source, analyzers, analyzers == 1 ? "analyzer" : "analyzers");
  }
  std::fflush(stdout);
  return loaded.errors.empty() ? 0 : 1;
}

}  // namespace logdist::cli
