#include "config/suggestion.hpp"

#include <fmt/format.h>

#include <boost/algorithm/string/case_conv.hpp>

#include "config/key_table.hpp"
#include "logdist/base/spelling.hpp"

namespace logdist::config {
namespace {

/// The names that the level with this prefix has, in the order of the table.
std::string allowed_names(std::string_view prefix) {
  std::string list;
  for (const std::string_view path : known_paths()) {
    if (!path.starts_with(prefix)) continue;
    const std::string_view name = path.substr(prefix.size());
    if (name.find_first_of(".[") == name.npos) list.append(list.empty() ? "" : ", ").append(name);
  }
  return list;
}

std::string did_you_mean(std::string_view name) { return fmt::format("; did you mean `{}`?", name); }

}  // namespace

std::string key_suggestion(std::string_view level, std::string_view wrong) {
  const std::string prefix = level.empty() ? "" : std::string(level) + '.';
  const std::string path = prefix + boost::algorithm::to_lower_copy(std::string(wrong.substr(0, compared_length_max)));
  const std::string_view near = closest(path, known_paths(), mistakes_max(wrong.size()));
  const auto dot = wrong.rfind('.');
  if (near == path && dot != wrong.npos) {
    return fmt::format("; a dot makes no level, write `{}:` below `{}:`", wrong.substr(dot + 1), wrong.substr(0, dot));
  }
  if (!near.empty()) return did_you_mean(near.starts_with(prefix) ? near.substr(prefix.size()) : near);

  const std::string leaf = '.' + std::string(wrong);
  for (const std::string& known : known_paths()) {
    if (known.ends_with(leaf)) return did_you_mean(known);
  }
  return "; allowed: " + allowed_names(prefix);
}

std::string variable_suggestion(std::string_view wrong) {
  static const std::vector<std::string> variables = [] {
    std::vector<std::string> names{analyzers_variable};
    for (const auto& spec : option_keys()) names.push_back(variable_of(spec.path));
    return names;
  }();
  const std::string upper = boost::algorithm::to_upper_copy(std::string(wrong.substr(0, compared_length_max + 1)));
  const std::string_view near = closest(upper, variables, 3);
  return near.empty() ? "" : did_you_mean(near);
}

}  // namespace logdist::config
