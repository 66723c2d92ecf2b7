#include "cli/command_hint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "logdist/config/spelling.hpp"

namespace logdist::cli {
namespace {

std::vector<const CLI::App*> commands_below(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<std::string> names_below(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands_below(app)) names.push_back(command->get_name());
  return names;
}

/// The commands that have a word of their own like this one, with it: `analyzers list`.
std::vector<std::string> paths_to(const CLI::App& app, std::string_view word) {
  std::vector<std::string> paths;
  for (const CLI::App* command : commands_below(app)) {
    const std::vector<std::string> names = names_below(*command);
    if (std::ranges::count(names, word) > 0) paths.push_back(fmt::format("`{} {}`", command->get_name(), word));
  }
  return paths;
}

std::string meant(const CLI::App& app, const std::string& word) {
  const CLI::App* level = &app;
  while (!level->get_subcommands().empty()) level = level->get_subcommands().front();
  const std::vector<std::string> known = names_below(*level);
  // It stands before its command.
  if (level != &app && std::ranges::count(known, word) > 0) return fmt::format("`{} {}`", level->get_name(), word);
  const std::string_view near = config::closest(word, known, config::mistakes_max(word.size()));
  if (!near.empty()) return fmt::format("`{}`", near);
  for (const char* flag : {"help", "version"}) {
    if (word == flag) return fmt::format("`--{}`", flag);
  }
  // A command that has words of its own, or is one, was meant; `analyzer list` is one letter short.
  const bool is_meant = level != &app && (!known.empty() || level->get_parent() != &app);
  return is_meant ? "" : fmt::format("{}", fmt::join(paths_to(app, word), " or "));
}

}  // namespace

std::string command_hint(const CLI::App& app) {
  for (const std::string& word : app.remaining(true)) {
    if (word.starts_with('-')) continue;
    const std::string hint = meant(app, word);
    return hint.empty() ? "" : fmt::format("; did you mean {}?", hint);
  }
  return "";
}

}  // namespace logdist::cli
