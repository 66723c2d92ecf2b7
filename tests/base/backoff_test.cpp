#include "logdist/base/backoff.hpp"

#include <gtest/gtest.h>

namespace logdist {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, GrowsToItsMaximumAndNeverBeyond) {
  const Backoff backoff{.initial = 100ms, .max = 1s, .multiplier = 2, .jitter = 0};
  Random random(1);
  EXPECT_EQ(backoff.wait(0, random), 100ms);
  EXPECT_EQ(backoff.wait(1, random), 200ms);
  EXPECT_EQ(backoff.wait(3, random), 800ms);
  EXPECT_EQ(backoff.wait(4, random), 1s);
  EXPECT_EQ(backoff.wait(4'000'000'000u, random), 1s) << "2^n is infinite there";
}

TEST(Backoff, BearsOddValues) {
  Random random(1);
  EXPECT_EQ((Backoff{.initial = 0s, .max = 1s, .multiplier = 2, .jitter = 0}.wait(5'000, random)), 0s);
  EXPECT_EQ((Backoff{.initial = 2s, .max = 1s, .multiplier = 2, .jitter = 0}.wait(0, random)), 1s);
  EXPECT_EQ((Backoff{.initial = 1s, .max = 5s, .multiplier = 1, .jitter = 0}.wait(100, random)), 1s);
}

TEST(Backoff, JitterSpreadsBothWays) {
  const Backoff backoff{.initial = 1s, .max = 1s, .multiplier = 2, .jitter = 0.5};
  Random random(1);
  Duration least = Duration::max();
  Duration most{};
  for (int i = 0; i < 1'000; ++i) {
    const Duration wait = backoff.wait(0, random);
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_GE(least, 500ms);
  EXPECT_LT(least, 510ms);
  EXPECT_GT(most, 1'490ms);
  EXPECT_LE(most, 1'500ms);
}

}  // namespace
}  // namespace logdist
