#include "config/hint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/case_conv.hpp>

#include "config/rows.hpp"

namespace logdist::config {
namespace {

constexpr std::size_t compared_length_max = 64;

/// Mistakes a name of that length may have to be recognised.
std::size_t mistakes_max(std::size_t length) { return std::clamp<std::size_t>(length / 3, 1, 3); }

/// The closest of `known`, the first among equals; empty when none is close.
std::string_view closest(std::string_view wrong, const std::vector<std::string>& known, std::size_t distance_max) {
  std::string_view best;
  if (wrong.size() > compared_length_max) return best;
  std::size_t best_distance = distance_max + 1;
  for (const std::string& candidate : known) {
    const auto [shorter, longer] = std::minmax({wrong.size(), candidate.size()});
    if (longer - shorter >= best_distance) continue;  // so many insertions alone are too many
    const std::size_t distance = edit_distance(wrong, candidate);
    if (distance >= best_distance) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

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

std::size_t edit_distance(std::string_view left, std::string_view right) {
  const std::size_t width = right.size() + 1;
  std::vector<std::size_t> table((left.size() + 1) * width);
  const auto at = [&table, width](std::size_t i, std::size_t j) -> std::size_t& { return table[i * width + j]; };
  for (std::size_t i = 0; i <= left.size(); ++i) {
    for (std::size_t j = 0; j <= right.size(); ++j) {
      if (i == 0 || j == 0) {
        at(i, j) = i + j;
        continue;
      }
      const std::size_t replaced = at(i - 1, j - 1) + (left[i - 1] == right[j - 1] ? 0 : 1);
      at(i, j) = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, replaced});
      const bool swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
      if (swapped) at(i, j) = std::min(at(i, j), at(i - 2, j - 2) + 1);
    }
  }
  return table.back();
}

std::string key_hint(std::string_view level, std::string_view wrong) {
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

std::string variable_hint(std::string_view wrong) {
  static const std::vector<std::string> variables = [] {
    std::vector<std::string> names{analyzers_variable};
    for (const auto& row : option_rows()) names.push_back(variable_of(row.path));
    return names;
  }();
  const std::string upper = boost::algorithm::to_upper_copy(std::string(wrong.substr(0, compared_length_max + 1)));
  const std::string_view near = closest(upper, variables, 3);
  return near.empty() ? "" : did_you_mean(near);
}

}  // namespace logdist::config
