#include "logdist/core/header_lines.hpp"

#include <algorithm>

namespace logdist::core {

std::optional<std::string_view> header_value(std::string_view lines, std::string_view name) {
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find("\r\n"), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 2, lines.size()));
    if (line.starts_with(name) && line.substr(name.size()).starts_with(": ")) return line.substr(name.size() + 2);
  }
  return std::nullopt;
}

}  // namespace logdist::core
