// A histogram of durations with fixed bounds: one increment an observation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "logdist/base/time.hpp"

namespace logdist::ledger {

/// Counts by upper bound, plus sum, as Prometheus shows it. A plain value.
class Histogram {
 public:
  /// Upper bounds in seconds; one more bucket takes what is above the last.
  static constexpr std::array<double, 16> bounds_seconds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                         0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
  static constexpr std::size_t bucket_count = bounds_seconds.size() + 1;

  void observe(Duration duration);

  /// Observations in bucket `index`, not cumulated.
  std::uint64_t in_bucket(std::size_t index) const { return counts_[index]; }
  std::uint64_t count() const;
  double sum_seconds() const { return to_seconds(sum_); }

  /// The `fraction` quantile (0…1) in seconds, interpolated within its bucket; 0
  /// when nothing was observed.
  double quantile_seconds(double fraction) const;

  Histogram& operator+=(const Histogram& other);

 private:
  std::array<std::uint64_t, bucket_count> counts_{};
  Duration sum_{};
};

}  // namespace logdist::ledger
