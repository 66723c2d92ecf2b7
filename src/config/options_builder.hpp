// Builds the options: what was set so far, where, and what could not be.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "config/key_table.hpp"
#include "logdist/config/load.hpp"
#include "logdist/config/options.hpp"
#include "logdist/config/yaml/report.hpp"

namespace logdist::config {

/// Filled by the readers, file first, environment after; then validated.
struct OptionsBuilder {
  Options options;
  /// Where each key was last set: "delivery.timeout", "analyzers[1].name".
  std::map<std::string, SourceLocation, std::less<>> locations;
  /// What the file has said of keys that a variable beats.
  std::map<std::string, MaskedKey> masked;
  /// Keys whose value was refused and "analyzers" when the list is not to be
  /// trusted: nothing more is said about them.
  std::set<std::string, std::less<>> refused;
};

/// Reads `text` into `target`; an error is reported at `location`. Whether it
/// was taken.
template <typename Target>
bool assign(const KeySpec<Target>& spec, Target& target, std::string_view text, const SourceLocation& location,
            Report& report) {
  const auto error = spec.assign(target, text);
  if (error) report.add_error(location, error->text + "; allowed: " + spec.allowed);
  return !error;
}

/// The same for a key of the options, which the builder keeps track of.
void assign_option(const KeySpec<Options>& spec, std::string_view text, const SourceLocation& location,
                   OptionsBuilder& builder, Report& report);

}  // namespace logdist::config
