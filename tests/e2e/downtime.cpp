#include "tests/e2e/downtime.hpp"

#include <algorithm>
#include <unordered_set>

namespace logdist::e2e {

std::vector<std::string> unexplained_duplicates(const std::vector<Life>& lives) {
  std::unordered_set<std::string> taken_when_well;
  std::vector<std::string> unexplained;
  for (const Life& life : lives) {
    for (const Entry& entry : life.entries) {
      const bool was_down = std::any_of(life.downtimes.begin(), life.downtimes.end(), [&](const Downtime& downtime) {
        return downtime.from - answer_margin <= entry.at && entry.at <= downtime.to + answer_margin;
      });
      if (!was_down && !taken_when_well.insert(entry.id).second) unexplained.push_back(entry.id);
    }
  }
  return unexplained;
}

}  // namespace logdist::e2e
