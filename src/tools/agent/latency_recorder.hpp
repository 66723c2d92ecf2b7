// Quantiles of durations in bounded memory, off by at most 1/32.
//
// Buckets as in HdrHistogram (G. Tene): 32 linear ones within each power of two
// of a microsecond.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "logdist/base/time.hpp"

namespace logdist::tools {

/// A plain value; one increment an observation.
class LatencyRecorder {
 public:
  void observe(Duration duration) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    ++counts_[bucket(static_cast<std::uint64_t>(std::clamp<std::int64_t>(us, 0, us_max)))];
    ++count_;
  }

  /// The upper end of the bucket that holds the `fraction` quantile (0…1); 0 when
  /// nothing was observed.
  Duration quantile(double fraction) const {
    const double rank = std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      below += counts_[i];
      if (below > 0 && static_cast<double>(below) >= rank) return std::chrono::microseconds(upper_end(i));
    }
    return Duration::zero();
  }

 private:
  static constexpr std::size_t linear_bits = 5;
  static constexpr std::size_t us_bits = 36;  ///< 19 hours
  static constexpr std::int64_t us_max = (std::int64_t{1} << us_bits) - 1;
  static constexpr std::size_t linear = std::size_t{1} << linear_bits;
  static constexpr std::size_t bucket_count = linear * (us_bits - linear_bits + 1);

  static std::size_t bucket(std::uint64_t us) {
    const auto width = static_cast<std::size_t>(std::bit_width(us));
    const std::size_t shift = width > linear_bits + 1 ? width - (linear_bits + 1) : 0;
    return shift * linear + (us >> shift);
  }
  static std::int64_t upper_end(std::size_t index) {
    const std::size_t shift = index < 2 * linear ? 0 : index / linear - 1;
    return static_cast<std::int64_t>(((index - shift * linear + 1) << shift) - 1);
  }

  std::array<std::uint64_t, bucket_count> counts_{};
  std::uint64_t count_ = 0;
};

}  // namespace logdist::tools
