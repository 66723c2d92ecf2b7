// Floor division, moments and the rounding that loses nothing.
#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <vector>

#include "balance/apportion.hpp"
#include "balance/int128.hpp"
#include "balance/virtual_time.hpp"
#include "logdist/base/random.hpp"

namespace logdist::balance {
namespace {

constexpr std::uint64_t seed = 99;

TEST(FloorDivide, RoundsTowardsMinusInfinity) {
  for (int value = -50; value <= 50; ++value) {
    for (int divisor = 1; divisor <= 9; ++divisor) {
      const Quotient quotient = floor_divide(value, static_cast<std::uint64_t>(divisor));
      ASSERT_EQ(static_cast<int>(quotient.whole) * divisor + static_cast<int>(quotient.part), value);
      ASSERT_LT(static_cast<int>(quotient.part), divisor);
    }
  }
}

TEST(MultiplyDivide, IsExactWhereTheProductWouldOverflow) {
  std::cout << "seed " << seed << "\n";
  Random random(seed);
  for (int round = 0; round < 10'000; ++round) {
    const std::uint64_t divisor = 1 + (random.next() >> 2);
    const std::uint64_t factor = 1 + random.below(divisor);
    const int128 value = (static_cast<int128>(random.next() >> 3) << 62) * (round % 2 == 0 ? 1 : -1) + 12'345;
    const Quotient result = multiply_divide(value, factor, divisor);
    // value·factor = whole·divisor + part, compared modulo 2^128.
    ASSERT_TRUE(static_cast<uint128>(value) * factor == static_cast<uint128>(result.whole) * divisor + result.part);
    ASSERT_LT(result.part, divisor);
  }
}

TEST(VirtualTime, ComparesAsTheRationalItIs) {
  const VirtualTime third{5, 1, 3};
  const VirtualTime two_sixths{5, 2, 6};
  const VirtualTime half{5, 1, 2};
  EXPECT_FALSE(third < two_sixths);
  EXPECT_FALSE(two_sixths < third);
  EXPECT_TRUE(third < half);
  EXPECT_TRUE((VirtualTime{4, 1, 2} < third));
  EXPECT_TRUE((VirtualTime{-1, 1, 2} < VirtualTime{0, 0, 7}));
  EXPECT_FALSE((VirtualTime{5, 0, 3}.before(5)));
  EXPECT_TRUE((VirtualTime{4, 2, 3}.before(5)));
}

TEST(Apportion, RaisesTheLargestRemaindersAndTiesById) {
  std::vector<Share> shares{{0, {1, 2}}, {1, {1, 5}}, {2, {-4, 2}}, {3, {0, 1}}};
  apportion(shares, 0);
  std::vector<std::int64_t> units(4);
  for (const Share& share : shares) units[share.analyzer] = static_cast<std::int64_t>(share.units.whole);
  EXPECT_EQ(units, (std::vector<std::int64_t>{2, 2, -4, 0}));
}

TEST(Apportion, AlwaysSumsToTheTotal) {
  std::cout << "seed " << seed << "\n";
  Random random(seed);
  for (int round = 0; round < 1'000; ++round) {
    std::vector<std::uint64_t> weights(1 + random.below(40));
    std::uint64_t sum = 0;
    for (auto& weight : weights) sum += weight = 1 + random.below(1'000'000);
    const int128 total = static_cast<int128>(random.next()) - (int128{1} << 63);
    std::vector<Share> shares;
    for (AnalyzerId analyzer = 0; analyzer < weights.size(); ++analyzer) {
      shares.push_back({analyzer, multiply_divide(total, weights[analyzer], sum)});
    }
    apportion(shares, total);
    int128 apportioned = 0;
    for (const Share& share : shares) apportioned += share.units.whole;
    ASSERT_TRUE(apportioned == total);
  }
}

}  // namespace
}  // namespace logdist::balance
