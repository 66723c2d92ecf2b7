// A selector that goes on where another one was.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/balance/support.hpp"
#include "tests/support/seed.hpp"

namespace logdist::balance::test {
namespace {

std::vector<double> deficits_of(const Selector& selector, std::size_t analyzers) {
  std::vector<double> deficits;
  for (AnalyzerId analyzer = 0; analyzer < analyzers; ++analyzer)
    deficits.push_back(selector.account(analyzer).deficit);
  return deficits;
}

double worst_of(const std::vector<double>& deficits) {
  double worst = 0;
  for (const double deficit : deficits) worst = std::max(worst, std::abs(deficit));
  return worst;
}

TEST(Restore, OverManyLivesNobodyIsFurtherOffThanOnePacket) {
  Random random(logdist::test::draw_seed());
  for (int round = 0; round < 40; ++round) {
    const Weights weights = random_weights(random, 1 + random.below(9), 1'000'000);
    auto selector = std::make_unique<Selector>(make_selector(weights));
    std::vector<double> charged(weights.size());
    double messages = 0;
    double all_weights = 0;
    for (const std::uint64_t weight : weights) all_weights += static_cast<double>(weight);
    std::uint32_t largest = 0;
    for (int packet = 0; packet < 300; ++packet) {
      if (random.below(20) == 0) {
        const auto deficits = deficits_of(*selector, weights.size());
        auto next = std::make_unique<Selector>(make_selector(weights));
        next->restore(deficits, selector->largest_packet());
        ASSERT_TRUE(next->sums_to_zero());
        ASSERT_EQ(next->largest_packet(), selector->largest_packet());
        for (AnalyzerId analyzer = 0; analyzer < weights.size(); ++analyzer) {
          ASSERT_NEAR(next->account(analyzer).deficit, deficits[analyzer], 1e-6);
          ASSERT_EQ(next->account(analyzer).arrears, 0);
        }
        selector = std::move(next);
      }
      const auto size = static_cast<std::uint32_t>(1 + random.below(100));
      largest = std::max(largest, size);
      const auto charge = selector->pick({size});
      selector->release(*charge);
      charged[charge->analyzer] += size;
      messages += size;
      for (AnalyzerId analyzer = 0; analyzer < weights.size(); ++analyzer) {
        const double target = messages * static_cast<double>(weights[analyzer]) / all_weights;
        ASSERT_LE(std::abs(target - charged[analyzer]), largest + 1e-6) << "packet " << packet;
      }
    }
  }
}

TEST(Restore, WhatIsOwedForAnOutageIsArrearsAgain) {
  Selector selector = make_selector({40, 30, 30}, many_slots, {.catch_up_threshold = 100});
  selector.restore(std::vector<double>{2'000, -1'200, -800}, 50);
  EXPECT_TRUE(selector.sums_to_zero());
  EXPECT_NEAR(selector.account(0).arrears, 2'000, 1e-9);
  EXPECT_NEAR(selector.account(2).arrears, -800, 1e-9);
  std::array<std::size_t, 3> taken{};
  for (int packet = 0; packet < 400; ++packet) ++taken[place(selector, 1, 50).front()];
  EXPECT_GT(taken[1], 10u) << "nobody starves meanwhile";
  EXPECT_GT(taken[2], 10u);
  EXPECT_LE(worst_of(deficits_of(selector, 3)), 50);
}

TEST(Restore, WhatDoesNotSumToNothingIsEvenedOutByWeight) {
  Selector selector = make_selector({1, 3});
  selector.restore(std::vector<double>{8, 8}, 100);
  EXPECT_TRUE(selector.sums_to_zero());
  EXPECT_NEAR(selector.account(0).deficit, 4, 1e-9);
  EXPECT_NEAR(selector.account(1).deficit, -4, 1e-9);
  Selector other = make_selector({1, 3});
  other.restore({}, 0);
  EXPECT_EQ(worst_of(deficits_of(other, 2)), 0);
  EXPECT_EQ(other.largest_packet(), 0u);
}

TEST(Restore, LeavingAfterItTurnsADeficitIntoADebt) {
  Selector selector = make_selector({1, 1, 2});
  selector.restore(std::vector<double>{900, -300, -600}, 10);
  selector.set_in_service(0, false);
  EXPECT_NEAR(selector.account(0).debt, 900, 1e-9);
  EXPECT_NEAR(selector.account(1).deficit, 0, 1e-9);
  EXPECT_TRUE(selector.sums_to_zero());
  place(selector, 4, 10);
  selector.set_in_service(0, true);
  EXPECT_NEAR(selector.account(0).deficit, 910, 1e-9);
}

}  // namespace
}  // namespace logdist::balance::test
