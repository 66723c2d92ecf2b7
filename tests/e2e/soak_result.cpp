// What is demanded of a soak.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "tests/e2e/soak.hpp"

namespace logdist::e2e {

double SoakResult::mean_bytes(double from, double to) const {
  const auto at = [&](double fraction) {
    return resident_bytes.begin() + static_cast<std::ptrdiff_t>(fraction * static_cast<double>(resident_bytes.size()));
  };
  return std::accumulate(at(from), at(to), 0.0) / static_cast<double>(std::max<std::ptrdiff_t>(1, at(to) - at(from)));
}

std::vector<std::string> SoakResult::faults() const {
  std::vector<std::string> faults;
  const auto demand = [&](bool holds, const std::string& otherwise) {
    if (!holds) faults.push_back(otherwise);
  };
  demand(delivered.accepted > 0, "no packet was accepted");
  demand(delivered.lost.empty(), fmt::format("{} accepted packets were lost", delivered.lost.size()));
  demand(delivered.altered.empty(), fmt::format("{} packets were altered", delivered.altered.size()));
  demand(delivered.invented.empty(), fmt::format("{} packets were invented", delivered.invented.size()));
  demand(dead_letters == 0, fmt::format("{} packets were given up, though every analyzer came back", dead_letters));
  demand(unexplained.empty(), fmt::format("{} packets came again though none of those who took them had been down, {}…",
                                          unexplained.size(), unexplained.empty() ? "" : unexplained.front()));
  demand(static_cast<double>(delivered.duplicates) <= explained,
         fmt::format("{} duplicates, but only {} attempts of unknown outcome", delivered.duplicates, explained));
  demand(imbalances == 0 && scrapes > 0, fmt::format("{} of {} scrapes did not balance", imbalances, scrapes));
  // The first quarter fills what stays: the allocator's arenas, lists as long as they ever get, and in an outage the
  // queue. Of the others each has an outage of its own, so that the last has no reason to take more than the second.
  constexpr double slack_bytes = 1.5 * (1 << 20);
  const double second = mean_bytes(0.25, 0.5);
  const double last = mean_bytes(0.75, 1);
  demand(sanitized || last <= second + slack_bytes,
         fmt::format("memory grew from {:.0f} to {:.0f} bytes", second, last));
  for (const FormatTally& tally : formats) {
    for (const std::string& fault : tally.faults()) faults.push_back(fault);
  }
  demand(kills > 0, "no analyzer crashed");
  demand(!queue_fills || (caller_runs > 0 && handed_back > 0), "the queue was never full for long");
  demand(emptied, "the queue was not emptied, though every analyzer was back");
  demand(exit_code == 0, fmt::format("the daemon ended with {}", exit_code));
  return faults;
}

}  // namespace logdist::e2e
