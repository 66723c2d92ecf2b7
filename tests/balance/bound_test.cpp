// While nothing fails and slots are free, nobody is further from its target than
// one packet, and the selector decides exactly as the plain rule does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>

#include "tests/balance/support.hpp"

namespace logdist::balance::test {
namespace {

constexpr std::uint64_t seed = 4'711;

/// Runs selector and reference side by side over `sizes`.
void expect_same_and_bounded(const Weights& weights, const Sizes& sizes) {
  Selector selector = make_selector(weights);
  Reference reference(weights);
  for (std::size_t packet = 0; packet < sizes.size(); ++packet) {
    const std::size_t expected = reference.pick(sizes[packet]);
    const auto charge = selector.pick({sizes[packet]});
    ASSERT_TRUE(charge.has_value());
    ASSERT_EQ(charge->analyzer, expected) << "packet " << packet;
    selector.release(*charge);
    ASSERT_TRUE(reference.within_bound()) << "packet " << packet;
    ASSERT_TRUE(selector.sums_to_zero()) << "packet " << packet;
    if (packet % 61 != 0) continue;
    for (AnalyzerId analyzer = 0; analyzer < weights.size(); ++analyzer) {
      ASSERT_NEAR(selector.account(analyzer).deficit, reference.deficit(analyzer), 1e-6);
      ASSERT_EQ(selector.account(analyzer).catch_ups, 0);
    }
  }
}

TEST(Bound, HoldsAtEveryPacketAndDecisionsAreThoseOfThePlainRule) {
  std::cout << "seed " << seed << "\n";
  Random random(seed);
  const auto weight_cases = test::weight_cases(random);
  const auto size_cases = test::size_cases(random, 10'000);
  for (const auto& [weight_name, weights] : weight_cases) {
    for (const auto& [size_name, sizes] : size_cases) {
      SCOPED_TRACE("weights " + weight_name + "; sizes " + size_name);
      expect_same_and_bounded(weights, sizes);
      if (HasFatalFailure()) return;
    }
  }
}

double worst_distance(Rule rule, const Weights& weights, const Sizes& sizes) {
  Reference reference(weights, rule);
  double worst = 0;
  for (const std::uint32_t size : sizes) {
    reference.pick(size);
    worst = std::max(worst, reference.distance());
  }
  return worst;
}

/// Weights and sizes changed one by one as long as it makes things worse.
struct Climber {
  Weights weights;
  Sizes sizes;
  double worst = 0;

  void climb(Random& random, int steps) {
    worst = worst_distance(Rule::earliest_deadline, weights, sizes);
    for (int step = 0; step < steps; ++step) {
      Climber next = *this;
      next.weights[random.below(weights.size())] = 1 + random.below(200);
      next.sizes[random.below(sizes.size())] = static_cast<std::uint32_t>(1 + random.below(1'000));
      next.worst = worst_distance(Rule::earliest_deadline, next.weights, next.sizes);
      if (next.worst >= worst) *this = next;
    }
  }
};

TEST(Bound, HoldsForWeightsAndSizesBredToBreakIt) {
  std::cout << "seed " << seed << "\n";
  Random random(seed);
  double worst = 0;
  for (int round = 0; round < 12; ++round) {
    Climber climber{random_weights(random, 2 + random.below(8), 100), Sizes(20 + random.below(60))};
    for (auto& size : climber.sizes) size = static_cast<std::uint32_t>(1 + random.below(1'000));
    climber.climb(random, 1'500);
    expect_same_and_bounded(climber.weights, climber.sizes);
    worst = std::max(worst, climber.worst);
  }
  EXPECT_LE(worst, 1.0);
  EXPECT_GT(worst, 0.95) << "the search has not come near the bound: it proves little";
}

TEST(Bound, IsBrokenByLargestDeficitFirst) {
  const Weights weights{14, 14, 1, 1, 1};
  const Sizes sizes(1'000, 1);
  EXPECT_GT(worst_distance(Rule::largest_deficit, weights, sizes), 1.0);
  EXPECT_LE(worst_distance(Rule::earliest_deadline, weights, sizes), 1.0);
  const Weights steep{90, 90, 3, 3, 3, 3, 3, 3};
  EXPECT_GT(worst_distance(Rule::largest_deficit, steep, sizes), 1.0);
}

TEST(Bound, HoldsForTheHeaviestWeightsAndLargestPackets) {
  const Weights weights{weight_units_max, 1, weight_units_max - 1};
  Selector selector = make_selector(weights);
  const std::uint32_t largest = ~std::uint32_t{0};
  for (int packet = 0; packet < 1'000; ++packet) {  // more than one epoch's messages
    place(selector, 1, largest);
    for (AnalyzerId analyzer = 0; analyzer < weights.size(); ++analyzer) {
      ASSERT_LE(std::abs(selector.account(analyzer).deficit), largest * 1.000'000'1);
    }
    ASSERT_TRUE(selector.sums_to_zero());
  }
}

TEST(Bound, OneAnalyzerIsNeverOwedAnything) {
  Selector selector = make_selector({7});
  for (const std::uint32_t messages : {1U, 1'000U, 3U}) {
    place(selector, 1, messages);
    EXPECT_EQ(selector.account(0).deficit, 0);
  }
}

TEST(Bound, ThousandAnalyzersShareByWeight) {
  std::cout << "seed " << seed << "\n";
  Random random(seed);
  const Weights weights = random_weights(random, 1'000, 100'000'000);
  Selector selector = make_selector(weights);
  Reference reference(weights);
  for (int packet = 0; packet < 5'000; ++packet) {
    const auto messages = static_cast<std::uint32_t>(1 + random.below(50));
    ASSERT_EQ(place(selector, 1, messages).front(), reference.pick(messages));
    ASSERT_TRUE(reference.within_bound());
  }
}

}  // namespace
}  // namespace logdist::balance::test
