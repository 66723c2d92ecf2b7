#include "tests/e2e/slowness.hpp"

#include <algorithm>
#include <cmath>

namespace logdist::e2e {

Durations::Durations(const Samples& before, const Samples& after, const std::vector<std::string>& analyzers) {
  for (const std::string& analyzer : analyzers) {
    for (const auto& [bound, count] : after.buckets("delivery_duration_seconds", analyzer)) at_most_[bound] += count;
    for (const auto& [bound, count] : before.buckets("delivery_duration_seconds", analyzer)) at_most_[bound] -= count;
  }
}

double Durations::p99_seconds() const {
  const double rank = 0.99 * count();
  double low = 0;
  double below = 0;
  for (const auto& [bound, count] : at_most_) {
    if (count >= rank && count > below) {
      return std::isinf(bound) ? low : low + (bound - low) * (rank - below) / (count - below);
    }
    low = bound;
    below = count;
  }
  return 0;
}

bool is_slowed(const Durations& measured, const Durations& elsewhere) {
  return measured.p99_seconds() > std::max(3 * elsewhere.p99_seconds(), never_slow_seconds);
}

}  // namespace logdist::e2e
