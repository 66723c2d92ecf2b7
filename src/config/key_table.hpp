// The table of all keys: the one place where a key is named. File, environment,
// unknown-key detection and tools all read it.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/value_types.hpp"
#include "logdist/config/keys.hpp"

namespace logdist::config {

/// One key of Target: Options, or AnalyzerOptions for those of one analyzer, SourceOptions of one source.
template <typename Target>
struct KeySpec {
  std::string path;  ///< "delivery.retry.max"; of an analyzer "weight"
  ValueType type = ValueType::text;
  std::string allowed;
  std::string meaning;
  std::vector<std::string> choices;
  std::string pattern;
  std::optional<Bounds> bounds;  ///< of numbers
  bool is_list = false;          ///< a list of texts will do, too, as one with commas
  bool required = false;
  bool live = false;  ///< a reload takes a new value at once; of options, an analyzer's all are
  /// Reads a text into the target; none for a mapping.
  std::function<OptionalError(Target&, std::string_view text)> assign;
  /// Reads one entry of a mapping into the target; none for all else.
  std::function<OptionalError(Target&, std::string_view name, std::string_view value)> assign_entry;
  /// The target's value as one would write it.
  std::function<std::string(const Target&)> show;
};

/// The keys of Options, analyzers apart, in the order of the documentation.
const std::vector<KeySpec<Options>>& option_keys();

/// The keys of one analyzer.
const std::vector<KeySpec<AnalyzerOptions>>& analyzer_keys();

inline constexpr std::array<std::pair<SourceType, std::string_view>, 5> source_types{{{SourceType::dns, "dns"},
                                                                                      {SourceType::consul, "consul"},
                                                                                      {SourceType::etcd, "etcd"},
                                                                                      {SourceType::file, "file"},
                                                                                      {SourceType::http, "http"}}};

/// The keys of one source of that type: its own, and those of its analyzers that may say otherwise.
const std::vector<KeySpec<SourceOptions>>& source_keys(SourceType type);

/// Those of `register`, which are among option_keys().
std::vector<KeySpec<Options>> register_keys();

/// The spec of that path; null when there is none.
template <typename Target>
const KeySpec<Target>* find_key(const std::vector<KeySpec<Target>>& specs, std::string_view path) {
  for (const auto& spec : specs) {
    if (spec.path == path) return &spec;
  }
  return nullptr;
}

/// Whether `path` names a level above keys, such as "delivery.retry".
bool is_section(std::string_view path);

/// Every path a file may name: sections, keys, `analyzers`, `analyzers[].weight`.
const std::vector<std::string>& known_paths();

/// "delivery.retry.max" → "LOGDIST_DELIVERY__RETRY__MAX".
std::string variable_of(std::string_view path);

}  // namespace logdist::config
