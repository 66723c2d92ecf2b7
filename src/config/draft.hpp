// Options in the making: what was set so far, where, and what could not be.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "config/report.hpp"
#include "config/rows.hpp"
#include "logdist/config/options.hpp"

namespace logdist::config {

/// Filled by the readers, file first, environment after; then validated.
struct Draft {
  Options options;
  /// Where each key was last set: "delivery.timeout", "analyzers[1].name".
  std::map<std::string, Place, std::less<>> places;
  /// What the file has said of keys that a variable beats.
  std::map<std::string, MaskedKey> masked;
  /// Keys whose value was refused and "analyzers" when the list is not to be
  /// trusted: nothing more is said about them.
  std::set<std::string, std::less<>> refused;
};

/// Reads `text` into `target`; a refusal becomes a fault at `place`. Whether it
/// was taken.
template <typename Target>
bool assign(const Row<Target>& row, Target& target, std::string_view text, const Place& place, Report& report) {
  const auto refusal = row.assign(target, text);
  if (refusal) report.fault(place, refusal->text + "; allowed: " + row.allowed);
  return !refusal;
}

/// The same for a key of the options, keeping the draft's books.
void assign_option(const Row<Options>& row, std::string_view text, const Place& place, Draft& draft, Report& report);

}  // namespace logdist::config
