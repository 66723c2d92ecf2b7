#include "logdist/base/spelling.hpp"

#include <algorithm>
#include <vector>

namespace logdist {

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

std::size_t mistakes_max(std::size_t length) { return std::clamp<std::size_t>(length / 3, 1, 3); }

std::string_view closest(std::string_view wrong, std::span<const std::string> known, std::size_t distance_max) {
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

}  // namespace logdist
