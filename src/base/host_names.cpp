#include "logdist/base/host_names.hpp"

namespace logdist {

std::vector<std::string> split_host_names(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string_view name = text.substr(0, comma);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    names.emplace_back(name);
    if (comma == text.npos) break;
    text.remove_prefix(comma + 1);
    if (text.empty()) names.emplace_back();
  }
  return names;
}

}  // namespace logdist
