// A histogram of counts, in powers of two.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace logdist::telemetry {

/// Counts by upper bound, plus sum, as Prometheus shows it. A plain value.
class CountHistogram {
 public:
  static constexpr std::array<std::uint64_t, 12> bounds{0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
  static constexpr std::size_t bucket_count = bounds.size() + 1;

  void observe(std::uint64_t count) {
    const auto* const bound = std::lower_bound(bounds.begin(), bounds.end(), count);
    ++counts_[static_cast<std::size_t>(bound - bounds.begin())];
    sum_ += count;
  }

  /// Observations in bucket `index`, not cumulated; the last one takes what is above the last bound.
  std::uint64_t in_bucket(std::size_t index) const { return counts_[index]; }
  std::uint64_t sum() const { return sum_; }

 private:
  std::array<std::uint64_t, bucket_count> counts_{};
  std::uint64_t sum_ = 0;
};

}  // namespace logdist::telemetry
