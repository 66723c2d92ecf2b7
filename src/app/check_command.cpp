#include "app/check_command.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "logdist/config/text.hpp"

namespace logdist::app {
namespace {

/// Why the daemon could not open this file for its dead letters here; empty when it
/// could, or when it is not for us to see. A file is not made by looking.
std::string why_no_letters(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::is_directory(path, error)) return fmt::format("{} is a folder", config::quote(path.string()));
  const fs::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const fs::file_status status = fs::status(folder, error);
  if (fs::is_directory(status) || !fs::status_known(status)) return "";
  return fmt::format("the folder {} {}", config::quote(folder.string()),
                     fs::exists(status) ? "is a file" : "does not exist here");
}

}  // namespace

int run_check(const CheckCommandOptions& options, const config::Environment& environment) {
  const config::Loaded loaded = config::load(options.config_file, environment);
  for (const auto& warning : loaded.warnings) fmt::print(stderr, "warning: {}\n", to_string(warning));
  if (const std::string why = why_no_letters(loaded.options.delivery.dead_letter); !why.empty()) {
    fmt::print(stderr, "warning: {}: delivery.dead_letter: {}; serve would not start\n", options.config_file, why);
  }
  for (const auto& fault : loaded.faults) fmt::print("{}\n", to_string(fault));
  const std::size_t analyzers = loaded.options.analyzers.size();
  if (loaded.faults.empty()) {
    fmt::print("{}: ok, {} {}\n", options.config_file, analyzers, analyzers == 1 ? "analyzer" : "analyzers");
  }
  std::fflush(stdout);
  return loaded.faults.empty() ? 0 : 1;
}

}  // namespace logdist::app
