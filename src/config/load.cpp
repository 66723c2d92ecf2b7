#include "logdist/config/load.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "config/environment_reader.hpp"
#include "config/file_reader.hpp"
#include "config/options_builder.hpp"
#include "config/validate.hpp"
#include "logdist/base/file_text.hpp"
#include "logdist/config/yaml/report.hpp"
#include "logdist/config/yaml/tree.hpp"

namespace logdist::config {
namespace {

/// The file's text, at most one byte above the limit; none after an error.
std::optional<std::string> text_of(const std::string& name, Report& report) {
  FileText file = read_file(name, text_bytes_max, FileKind::any);
  if (file.error == 0) return std::move(file.text);
  report.add_error({name, 0, ""}, "cannot be read: " + std::generic_category().message(file.error));
  return std::nullopt;
}

/// Environment over `builder`, which holds what the file said.
Loaded finish(OptionsBuilder builder, const Environment& environment, const std::string& source, bool whole,
              Report& report) {
  read_variables(environment, builder, report);
  // Without the file's values, the others can't be held against each other.
  if (whole) validate(builder, source, report);
  Loaded loaded;
  for (const auto& [key, location] : builder.locations) {
    loaded.given.emplace(key, Error{location.source, location.line, location.key, ""});
  }
  loaded.source = source;
  loaded.options = std::move(builder.options);
  loaded.masked = std::move(builder.masked);
  report.move_to(loaded);
  return loaded;
}

Loaded load_text(std::string_view text, const std::string& name, const Environment& environment, Report& report) {
  OptionsBuilder builder;
  const auto root = parse_yaml(text, name, report);
  if (root) read_tree(*root, name, builder, report);
  return finish(std::move(builder), environment, name, root.has_value(), report);
}

}  // namespace

std::vector<Error> masked_changes(const Loaded& before, const Loaded& now) {
  std::vector<Error> changes;
  for (const auto& [key, masked] : now.masked) {
    const auto then = before.masked.find(key);
    if (then != before.masked.end() && then->second.value == masked.value) continue;
    changes.push_back(
        {masked.source, masked.line, key, fmt::format("has no effect: {} overrides the file", masked.variable)});
  }
  return changes;
}

Error Loaded::error_of(const std::string& key, std::string message) const {
  const auto found = given.find(key);
  if (found == given.end()) return {source, 0, key, std::move(message)};
  return {found->second.source, found->second.line, found->second.key, std::move(message)};
}

Environment read_environment() {
  Environment variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (text.starts_with("LOGDIST_") && equals != text.npos) {
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return variables;
}

Loaded load(const std::optional<std::string>& file, const Environment& environment) {
  Report report;
  if (!file) return finish({}, environment, environment_source, true, report);
  const auto text = text_of(*file, report);
  if (!text) return finish({}, environment, *file, false, report);
  return load_text(*text, *file, environment, report);
}

Loaded load_text(std::string_view text, const std::string& name, const Environment& environment) {
  Report report;
  return load_text(text, name, environment, report);
}

}  // namespace logdist::config
