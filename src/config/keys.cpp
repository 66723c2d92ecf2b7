#include "logdist/config/keys.hpp"

#include <fmt/format.h>

#include <utility>

#include "config/key_table.hpp"

namespace logdist::config {
namespace {

template <typename Target>
KeyInfo info_of(const KeySpec<Target>& spec, std::string path, std::string variable) {
  KeyInfo info;
  info.path = std::move(path);
  info.variable = std::move(variable);
  info.type = spec.type;
  info.default_text = spec.show(Target{});
  info.allowed = spec.allowed;
  info.meaning = spec.meaning;
  info.is_list = spec.is_list;
  info.required = spec.required;
  info.live = spec.live;
  info.choices = spec.choices;
  info.pattern = spec.pattern;
  info.bounds = spec.bounds;
  return info;
}

}  // namespace

std::vector<KeyInfo> known_keys() {
  std::vector<KeyInfo> keys;
  for (const auto& spec : option_keys()) keys.push_back(info_of(spec, spec.path, variable_of(spec.path)));
  for (const auto& spec : analyzer_keys()) keys.push_back(info_of(spec, "analyzers[]." + spec.path, ""));
  const auto& cache = *find_key(option_keys(), "discovery.cache");
  keys.push_back(info_of(cache, "discovery[].cache", ""));
  for (const auto& [type, name] : source_types) {
    for (const auto& spec : source_keys(type))
      keys.push_back(info_of(spec, fmt::format("discovery[].{}.{}", name, spec.path), ""));
  }
  return keys;
}

}  // namespace logdist::config
