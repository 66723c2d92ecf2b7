#include "logdist/ledger/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "logdist/base/random.hpp"

namespace logdist::ledger {
namespace {

using namespace std::chrono_literals;

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.sum_seconds(), 0);
  EXPECT_EQ(histogram.quantile_seconds(0.5), 0);
}

TEST(Histogram, BoundsBelongToTheirBucket) {
  for (std::size_t i = 0; i < Histogram::bounds_seconds.size(); ++i) {
    const auto bound = std::chrono::nanoseconds(std::llround(Histogram::bounds_seconds[i] * 1e9));
    Histogram histogram;
    histogram.observe(bound);
    EXPECT_EQ(histogram.in_bucket(i), 1u) << i;
    histogram.observe(bound + 1ns);
    EXPECT_EQ(histogram.in_bucket(i + 1), 1u) << i;
  }
}

TEST(Histogram, ADurationBelowZeroCountsAsZero) {
  Histogram histogram;
  histogram.observe(-5s);
  EXPECT_EQ(histogram.in_bucket(0), 1u);
  EXPECT_EQ(histogram.sum_seconds(), 0);
}

TEST(Histogram, QuantilesAreInterpolatedWithinTheirBucket) {
  Histogram histogram;
  for (int i = 0; i < 10; ++i) histogram.observe(30ms);  // all in (25 ms, 50 ms]
  EXPECT_DOUBLE_EQ(histogram.quantile_seconds(0), 0.025);
  EXPECT_DOUBLE_EQ(histogram.quantile_seconds(0.5), 0.0375);
  EXPECT_DOUBLE_EQ(histogram.quantile_seconds(1), 0.05);
  for (int i = 0; i < 90; ++i) histogram.observe(200us);  // (100 µs, 250 µs]
  EXPECT_DOUBLE_EQ(histogram.quantile_seconds(0.45), 0.000175);
  EXPECT_DOUBLE_EQ(histogram.quantile_seconds(0.9), 0.00025);
  EXPECT_DOUBLE_EQ(histogram.quantile_seconds(0.95), 0.0375);
}

TEST(Histogram, BeyondTheLastBoundTheQuantileIsThatBound) {
  Histogram histogram;
  histogram.observe(1h);
  EXPECT_DOUBLE_EQ(histogram.quantile_seconds(0.99), 10);
}

TEST(Histogram, QuantilesOfRandomDurationsAreWithinOneBucketAndRise) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Histogram histogram;
    std::vector<double> seconds;
    for (int i = 0; i < 1'000; ++i) {
      const double drawn = std::pow(10, random.uniform(-5, 0.9));
      seconds.push_back(drawn);
      histogram.observe(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(drawn)));
    }
    std::sort(seconds.begin(), seconds.end());
    double before = 0;
    for (int percent = 1; percent <= 100; ++percent) {
      const double exact = seconds[static_cast<std::size_t>(percent) * 10 - 1];
      const double quantile = histogram.quantile_seconds(percent / 100.0);
      const auto bound = std::lower_bound(Histogram::bounds_seconds.begin(), Histogram::bounds_seconds.end(), exact);
      EXPECT_LE(quantile, *bound + 1e-12);
      EXPECT_GE(quantile, (bound == Histogram::bounds_seconds.begin() ? 0 : bound[-1]) - 1e-12);
      EXPECT_GE(quantile, before);
      before = quantile;
    }
  }
}

TEST(Histogram, Adds) {
  Histogram sum;
  Histogram other;
  sum.observe(1ms);
  other.observe(1ms);
  other.observe(2s);
  sum += other;
  EXPECT_EQ(sum.count(), 3u);
  EXPECT_EQ(sum.in_bucket(3), 2u);
  EXPECT_DOUBLE_EQ(sum.sum_seconds(), 2.002);
}

}  // namespace
}  // namespace logdist::ledger
