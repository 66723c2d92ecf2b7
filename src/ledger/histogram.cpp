#include "logdist/ledger/histogram.hpp"

#include <algorithm>
#include <numeric>

namespace logdist::ledger {
namespace {

constexpr auto bounds = [] {
  std::array<Duration, Histogram::bounds_seconds.size()> result{};
  for (std::size_t i = 0; i < result.size(); ++i) {
    // Half a tick more, so that 0.0001 s is 100 µs and not one tick less.
    result[i] = Duration(static_cast<Duration::rep>(Histogram::bounds_seconds[i] * Duration::period::den + 0.5));
  }
  return result;
}();

}  // namespace

void Histogram::observe(Duration duration) {
  duration = std::max(duration, Duration::zero());
  const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), duration) - bounds.begin();
  ++counts_[static_cast<std::size_t>(bucket)];
  sum_ += duration;
}

std::uint64_t Histogram::count() const { return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0}); }

double Histogram::quantile_seconds(double fraction) const {
  const double rank = std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count());
  double below = 0;
  double quantile = 0;
  for (std::size_t i = 0; i < bucket_count; ++i) {
    const auto here = static_cast<double>(counts_[i]);
    if (here == 0) continue;
    // Nothing is known of how far the last bucket reaches: its lower bound it is.
    if (i == bounds_seconds.size()) return bounds_seconds.back();
    const double low = i == 0 ? 0 : bounds_seconds[i - 1];
    quantile = low + (bounds_seconds[i] - low) * std::min(1.0, (rank - below) / here);
    below += here;
    if (below >= rank) break;
  }
  return quantile;
}

Histogram& Histogram::operator+=(const Histogram& other) {
  for (std::size_t i = 0; i < bucket_count; ++i) counts_[i] += other.counts_[i];
  sum_ += other.sum_;
  return *this;
}

}  // namespace logdist::ledger
