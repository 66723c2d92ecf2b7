#include "cli/command_hint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "logdist/base/spelling.hpp"
#include "logdist/config/text.hpp"

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

const CLI::App& given_command(const CLI::App& app) {
  const CLI::App* level = &app;
  while (!level->get_subcommands().empty()) level = level->get_subcommands().front();
  return *level;
}

std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  return flags;
}

/// One of the command's own with a mistake, or one of another command's: `agent --target`.
std::string meant_flag(const CLI::App& app, const std::string& word) {
  const std::string flag = word.substr(0, word.find('='));
  const CLI::App& level = given_command(app);
  if (&level == &app && (flag == "-v" || flag == "-V")) return "`--version`";
  const std::vector<std::string> known = flags_of(level);
  const std::string_view near = closest(flag, known, mistakes_max(flag.size()));
  if (!near.empty()) return fmt::format("`{}`", near);
  std::vector<std::string> paths;
  for (const CLI::App* command : commands_below(app)) {
    const std::vector<std::string> flags = flags_of(*command);
    if (std::ranges::count(flags, flag) > 0) paths.push_back(fmt::format("`{} {}`", command->get_name(), flag));
  }
  return &level == &app ? fmt::format("{}", fmt::join(paths, " or ")) : "";
}

bool names_configuration(std::string_view word) {
  return word.ends_with(".yaml") || word.ends_with(".yml") || word.ends_with(".json");
}

std::string meant(const CLI::App& app, const std::string& word) {
  const CLI::App* const level = &given_command(app);
  const std::vector<std::string> known = names_below(*level);
  if (names_configuration(word) && level->get_option_no_throw("--config") != nullptr) {
    return fmt::format("`--config {}`", config::printable(word));
  }
  // It stands before its command.
  if (level != &app && std::ranges::count(known, word) > 0) return fmt::format("`{} {}`", level->get_name(), word);
  const std::string_view near = closest(word, known, mistakes_max(word.size()));
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
    const bool is_flag = word.starts_with('-');
    const std::string hint = is_flag ? meant_flag(app, word) : meant(app, word);
    if (!hint.empty()) return fmt::format("; did you mean {}?", hint);
    if (!is_flag) break;
  }
  return "";
}

std::string command_path(const CLI::App& app) {
  std::string path = app.get_name();
  for (const CLI::App* level = &app; !level->get_subcommands().empty();) {
    level = level->get_subcommands().front();
    path += ' ' + level->get_name();
  }
  return path;
}

std::string missing_word(const CLI::App& app) {
  return fmt::format("one of {} is required", fmt::join(names_below(given_command(app)), ", "));
}

}  // namespace logdist::cli
