// The rules of a pick one by one: who is chosen, slots, exclusion, catch-up, undo.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <iostream>

#include "tests/balance/support.hpp"

namespace logdist::balance::test {
namespace {

constexpr std::uint64_t seed = 271'828;
constexpr std::uint32_t whole_share = 1'000'000;
using testing::ElementsAre;

TEST(Pick, SharesByWeightInTheOrderOfDeadlines) {
  Selector selector = make_selector({2, 1, 1});
  EXPECT_THAT(place(selector, 8, 1), ElementsAre(0, 1, 0, 2, 0, 1, 0, 2));
  EXPECT_EQ(selector.account(0).deficit, 0);
}

TEST(Pick, BreaksTiesByTheOrderOfConfiguration) {
  Selector selector = make_selector({5, 5, 5, 5});
  EXPECT_THAT(place(selector, 6, 10), ElementsAre(0, 1, 2, 3, 0, 1));
}

TEST(Pick, CountsMessagesNotPackets) {
  Selector selector = make_selector({1, 1});
  place(selector, 1, 100);
  EXPECT_DOUBLE_EQ(selector.account(0).deficit, -50);
  EXPECT_DOUBLE_EQ(selector.account(1).deficit, 50);
  EXPECT_THAT(place(selector, 3, 25), ElementsAre(1, 1, 1));
  EXPECT_EQ(selector.largest_packet(), 100);
}

TEST(Pick, IsWorkConserving) {
  std::cout << "seed " << seed << "\n";
  Random random(seed);
  Selector selector = make_selector({50, 3, 1, 1}, 3);
  std::vector<Charge> under_way;
  for (int round = 0; round < 20'000; ++round) {
    if (random.below(2) == 0 && !under_way.empty()) {
      std::swap(under_way[random.below(under_way.size())], under_way.back());
      selector.release(under_way.back());
      under_way.pop_back();
      continue;
    }
    const auto charge = selector.pick({static_cast<std::uint32_t>(1 + random.below(30))});
    ASSERT_EQ(charge.has_value(), under_way.size() < 12);
    ASSERT_EQ(selector.can_pick({}), under_way.size() + (charge ? 1 : 0) < 12);
    if (charge) under_way.push_back(*charge);
    ASSERT_TRUE(selector.sums_to_zero());
  }
}

TEST(Pick, ChangesNothingWhenNobodyCanTakeIt) {
  Selector selector = make_selector({1, 1}, 1);
  ASSERT_TRUE(selector.pick({10}));
  ASSERT_TRUE(selector.pick({10}));
  EXPECT_FALSE(selector.pick({10}));
  EXPECT_FALSE(selector.can_pick({}));
  EXPECT_EQ(selector.account(0).deficit, 0);
  EXPECT_EQ(selector.account(0).in_flight, 1);
  selector.set_slots(1, 2);
  EXPECT_EQ(selector.pick({10})->analyzer, 1);
  selector.set_slots(1, 1);
  selector.release({1, 10});
  EXPECT_FALSE(selector.can_pick({})) << "one is still under way there";
}

TEST(Pick, TakesTheLargestDeficitWhenNobodyOwedHasASlot) {
  Selector selector = make_selector({8, 2, 2}, many_slots);
  selector.set_slots(0, 0);
  // Deficits fall to -1/3 and +1/6 each time: the lesser charged of the two goes on.
  EXPECT_THAT(place(selector, 4, 1), ElementsAre(1, 2, 1, 2));
  EXPECT_LT(selector.account(1).deficit, 0);
  EXPECT_GT(selector.account(0).deficit, 2);
}

TEST(Pick, LeavesOutTheExcluded) {
  Selector selector = make_selector({10, 1, 1});
  const std::array<AnalyzerId, 3> excluded{0, 2, 0};
  EXPECT_TRUE(selector.can_pick(excluded));
  EXPECT_EQ(selector.pick({5, excluded})->analyzer, 1);
  const std::array<AnalyzerId, 3> everybody{2, 1, 0};
  EXPECT_FALSE(selector.can_pick(everybody));
  EXPECT_FALSE(selector.pick({5, everybody}));
  EXPECT_EQ(selector.pick({5})->analyzer, 0) << "excluded for one packet only";
}

TEST(Pick, RefuserKeepsItsChargeAndDoesNotDrawAllTraffic) {
  Selector selector = make_selector({1, 1, 1});
  std::array<int, 3> asked{};
  for (int packet = 0; packet < 3'000; ++packet) {
    const auto charge = selector.pick({10});
    ++asked[charge->analyzer];
    selector.release(*charge);
    if (charge->analyzer != 0) continue;  // 0 refuses whatever it gets; a second one is asked
    const auto second = selector.pick({10, {&charge->analyzer, 1}});
    ++asked[second->analyzer];
    selector.release(*second);
  }
  const int third = (asked[0] + asked[1] + asked[2]) / 3;
  EXPECT_THAT(asked, testing::Each(testing::AllOf(testing::Ge(third - 1), testing::Le(third + 1))));
  EXPECT_TRUE(selector.sums_to_zero());
}

TEST(CatchUp, ComesFirstAndIsCountedWhenTheLineIsCrossed) {
  Selector selector = make_selector({1, 1, 1}, many_slots, {20, 1'000, whole_share});
  selector.set_slots(2, 0);
  place(selector, 60, 1);
  EXPECT_EQ(selector.account(2).catch_ups, 0) << "behind by 20 is not behind by more than 20";
  place(selector, 1, 1);
  EXPECT_EQ(selector.account(2).catch_ups, 1);
  place(selector, 29, 1);
  EXPECT_DOUBLE_EQ(selector.account(2).deficit, 30);
  EXPECT_EQ(selector.account(2).catch_ups, 1) << "once a crossing";
  selector.set_slots(2, many_slots);
  EXPECT_THAT(place(selector, 3, 1), ElementsAre(2, 2, 2));
  place(selector, 200, 1);
  EXPECT_LE(selector.account(2).deficit, 1);
  selector.set_slots(2, 0);
  place(selector, 100, 1);
  EXPECT_EQ(selector.account(2).catch_ups, 2);
}

TEST(CatchUp, IsCountedOnceWhileItLasts) {
  Selector selector = make_selector({1, 1, 1}, many_slots, {.catch_up_threshold = 20, .max_debt = 1'000});
  selector.set_slots(2, 0);
  place(selector, 90, 1);
  const Charge failed = selector.pick_this(2, 1);
  selector.undo(failed);
  selector.set_weight(0, 2);
  selector.add(1, many_slots);
  selector.set_in_service(1, false);
  selector.set_in_service(1, true);
  place(selector, 10, 1);
  EXPECT_GT(selector.account(2).deficit, 20);
  EXPECT_EQ(selector.account(2).catch_ups, 1);
}

TEST(CatchUp, LineIsAtLeastTheLargestPacket) {
  Selector selector = make_selector({1, 1}, many_slots, {.catch_up_threshold = 10, .max_debt = 1'000});
  place(selector, 1, 100);
  EXPECT_EQ(selector.account(1).catch_ups, 0) << "50 behind, and packets of 100 are about";
}

TEST(CatchUp, LargestDeficitFirst) {
  Selector selector = make_selector({1, 3, 6}, many_slots, {.catch_up_threshold = 5, .max_debt = 1'000});
  selector.set_slots(0, 0);
  selector.set_slots(1, 0);
  place(selector, 100, 1);
  selector.set_slots(0, many_slots);
  selector.set_slots(1, many_slots);
  EXPECT_EQ(place(selector, 1, 1).front(), 1);
  EXPECT_EQ(selector.account(0).catch_ups, 1);
  EXPECT_EQ(selector.account(1).catch_ups, 1);
}

TEST(Undo, LeavesNoTraceInAnyLaterDecision) {
  std::cout << "seed " << seed << "\n";
  Random random(seed);
  for (int round = 0; round < 30; ++round) {
    const Weights weights = random_weights(random, 1 + random.below(12), 50);
    Selector plain = make_selector(weights);
    Selector failing = make_selector(weights);
    place(plain, 1, 60);
    place(failing, 1, 60);
    for (int packet = 0; packet < 500; ++packet) {
      std::vector<Charge> failed;
      for (std::uint64_t count = random.below(4); count > 0; --count) {
        failed.push_back(*failing.pick({static_cast<std::uint32_t>(1 + random.below(60))}));
      }
      while (!failed.empty()) {
        std::swap(failed[random.below(failed.size())], failed.back());
        failing.undo(failed.back());
        failed.pop_back();
      }
      const auto messages = static_cast<std::uint32_t>(1 + random.below(60));
      ASSERT_EQ(place(failing, 1, messages), place(plain, 1, messages));
      for (AnalyzerId analyzer = 0; analyzer < weights.size(); ++analyzer) {
        ASSERT_EQ(failing.account(analyzer).deficit, plain.account(analyzer).deficit);
        ASSERT_EQ(failing.account(analyzer).in_flight, 0);
      }
    }
  }
}

TEST(Undo, MayComeLongAfterOtherPicks) {
  Selector selector = make_selector({3, 2});
  const auto failed = selector.pick({50});
  place(selector, 7, 11);
  selector.undo(*failed);
  Selector plain = make_selector({3, 2});
  place(plain, 7, 11);
  EXPECT_DOUBLE_EQ(selector.account(0).deficit + selector.account(1).deficit, 0);
  place(selector, 100, 50);
  EXPECT_LE(std::abs(selector.account(0).deficit), 50);
}

}  // namespace
}  // namespace logdist::balance::test
