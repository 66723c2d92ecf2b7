// A YAML text as a tree of values with their lines, within limits.
//
// Built from yaml-cpp's events instead of its YAML::Node, which drops doubled
// keys, has no limits and shares nodes behind aliases.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logdist/config/yaml/report.hpp"

namespace logdist::config {

inline constexpr std::size_t text_bytes_max = 1 << 20;

/// One value of the document. A plain value; owns what is below it.
struct Node {
  enum class Type { null, scalar, list, mapping };

  Type type = Type::null;
  bool plain = false;        ///< a scalar without quotes: `no` is a boolean, "no" is not
  std::string text;          ///< of a scalar
  std::size_t line = 0;      ///< 1-based
  std::vector<Node> keys;    ///< of a mapping, in the order of the file
  std::vector<Node> values;  ///< of a mapping, along with `keys`; of a list
};

/// Reads one YAML document from `text` (`source` names it in errors); an empty
/// text is null. None when the text is broken; then at least one error says so.
std::optional<Node> parse_yaml(std::string_view text, const std::string& source, Report& report);

}  // namespace logdist::config
