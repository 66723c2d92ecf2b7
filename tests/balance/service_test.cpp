// Leaving service and coming back, being full, joining and going for good.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "tests/balance/support.hpp"

namespace logdist::balance::test {
namespace {

constexpr double exact = 1e-9;

TEST(Service, DeficitOfOneThatLeavesGoesToTheOthersByWeight) {
  Selector selector = make_selector({5, 3, 1});
  place(selector, 1, 90);  // analyzer 0: -40, 1: +30, 2: +10
  selector.set_in_service(0, false);
  EXPECT_NEAR(selector.account(0).debt, -40, exact);
  EXPECT_EQ(selector.account(0).deficit, 0);
  EXPECT_EQ(selector.account(0).target_share, 0);
  EXPECT_NEAR(selector.account(1).deficit, 0, exact);
  EXPECT_NEAR(selector.account(2).deficit, 0, exact);
  EXPECT_TRUE(selector.sums_to_zero());
  selector.set_in_service(0, true);
  EXPECT_NEAR(selector.account(0).deficit, -40, exact);
  EXPECT_NEAR(selector.account(1).deficit, 30, exact);
  EXPECT_NEAR(selector.account(2).deficit, 10, exact);
  EXPECT_EQ(selector.account(0).debt, 0);
}

TEST(Service, TheIdOfARemovedOneIsAnothersWhichIsOwedNothing) {
  Selector selector = make_selector({5, 3, 1}, many_slots, {.catch_up_threshold = 10});
  selector.set_in_service(1, false);
  place(selector, 90, 1);
  selector.set_in_service(1, true);
  ASSERT_EQ(selector.account(1).catch_ups, 1);
  const auto charge = selector.pick_this(1, 7);
  selector.remove(1);
  selector.undo(charge);
  EXPECT_EQ(selector.add(2, 4, 1), 1u);
  EXPECT_EQ(selector.account(1).deficit, 0);
  EXPECT_EQ(selector.account(1).catch_ups, 0);
  EXPECT_EQ(selector.account(1).in_flight, 0u);
  EXPECT_NEAR(selector.account(1).target_share, 0.25, exact);
  EXPECT_TRUE(selector.sums_to_zero());
  EXPECT_EQ(selector.add(1, many_slots), 3u) << "ids go on where they were";
  selector.remove(3);

  const std::vector<AnalyzerId> chosen = place(selector, 800, 1);
  EXPECT_NEAR(static_cast<double>(std::ranges::count(chosen, 1u)), 200, 2);
  for (int packets = 0; packets < 4; ++packets) selector.pick_this(1, 1);
  EXPECT_FALSE(selector.has_free_slot(1)) << "its slots are its own";
}

TEST(Service, DebtGrowsByWhatWouldHaveBeenCreditedUpToTheBound) {
  Selector selector = make_selector({2, 3, 5}, many_slots, {.max_debt = 500});
  selector.set_in_service(2, false);
  place(selector, 10, 60);
  EXPECT_NEAR(selector.account(2).debt, 300, exact);
  selector.set_in_service(1, false);
  place(selector, 1, 70);
  EXPECT_NEAR(selector.account(2).debt, 350, exact) << "5 of 2 + 5";
  EXPECT_NEAR(selector.account(1).debt, 42, exact) << "3 of 2 + 3; it had left with a deficit of 0";
  place(selector, 100, 60);
  EXPECT_EQ(selector.account(2).debt, 500);
  EXPECT_EQ(selector.account(0).deficit, 0);
}

TEST(Service, ReturnerTakesItsDebtAndItsShareAndNoMore) {
  const Weights weights{40, 30, 30};
  Selector selector = make_selector(weights, many_slots, {.catch_up_threshold = 100, .max_debt = 2'000});
  selector.set_in_service(0, false);
  place(selector, 500, 50);
  const double debt = selector.account(0).debt;
  EXPECT_EQ(debt, 2'000);
  selector.set_in_service(0, true);
  EXPECT_NEAR(selector.account(0).deficit, debt, exact);
  EXPECT_EQ(selector.account(0).catch_ups, 1);
  double taken = 0;
  for (int packet = 1; packet <= 1'000; ++packet) {
    if (place(selector, 1, 50).front() == 0) taken += 50;
    ASSERT_LE(taken, debt + packet * 50 * 0.4 + 50) << "packet " << packet;
    ASSERT_TRUE(selector.sums_to_zero());
  }
  for (AnalyzerId analyzer = 0; analyzer < weights.size(); ++analyzer) {
    EXPECT_LE(std::abs(selector.account(analyzer).deficit), 50) << "converged";
  }
  EXPECT_NEAR(taken, debt + 1'000 * 50 * 0.4, 50);
}

TEST(Service, DebtIsDroppedWhenNobodyIsLeftToPayIt) {
  Selector selector = make_selector({1, 1});
  selector.set_in_service(1, false);
  place(selector, 10, 10);
  EXPECT_NEAR(selector.account(1).debt, 50, exact);
  selector.set_in_service(0, false);
  EXPECT_FALSE(selector.can_pick({}));
  EXPECT_FALSE(selector.pick({1}));
  selector.set_in_service(1, true);
  EXPECT_EQ(selector.account(1).deficit, 0);
  EXPECT_EQ(selector.account(1).debt, 0);
  EXPECT_EQ(selector.account(1).target_share, 1);
}

TEST(Service, TrialPacketIsChargedToTheDebtAlone) {
  Selector selector = make_selector({1, 3});
  selector.set_in_service(1, false);
  const Charge trial = selector.pick_this(1, 40);
  EXPECT_NEAR(selector.account(1).debt, -10, exact) << "40 less its own share of them, 30";
  EXPECT_EQ(selector.account(0).deficit, 0);
  EXPECT_EQ(selector.account(1).in_flight, 1);
  selector.undo(trial);
  EXPECT_NEAR(selector.account(1).debt, 0, exact);
  EXPECT_EQ(selector.account(1).in_flight, 0);
  EXPECT_EQ(selector.account(0).deficit, 0);
}

TEST(Service, PickThisInServiceCreditsEverybody) {
  Selector selector = make_selector({1, 3}, 1);
  const Charge first = selector.pick_this(0, 40);
  const Charge second = selector.pick_this(0, 40);  // beyond its slots: they were lowered, say
  EXPECT_NEAR(selector.account(0).deficit, -60, exact);
  EXPECT_NEAR(selector.account(1).deficit, 60, exact);
  selector.release(first);
  EXPECT_EQ(selector.account(0).in_flight, 1);
  selector.undo(second);
  EXPECT_NEAR(selector.account(0).deficit, -30, exact);
}

TEST(Service, UndoAfterItLeftChangesItsDebtAlone) {
  Selector selector = make_selector({1, 1, 2});
  Selector never_tried = make_selector({1, 1, 2});
  place(selector, 3, 20);
  place(never_tried, 3, 20);
  const Charge failed = *selector.pick({20});
  const AnalyzerId analyzer = failed.analyzer;
  selector.set_in_service(analyzer, false);
  never_tried.set_in_service(analyzer, false);
  selector.undo(failed);
  for (AnalyzerId other = 0; other < 3; ++other) {
    EXPECT_NEAR(selector.account(other).deficit, never_tried.account(other).deficit, exact);
  }
  EXPECT_NEAR(selector.account(analyzer).debt, never_tried.account(analyzer).debt, exact);
}

TEST(Service, UndoAfterItLeftAndCameBackLeavesNoTrace) {
  Selector selector = make_selector({5, 1, 2});
  Selector never_tried = make_selector({5, 1, 2});
  const Charge failed = *selector.pick({20});
  for (Selector* each : {&selector, &never_tried}) {
    each->set_in_service(failed.analyzer, false);
    each->set_in_service(failed.analyzer, true);
  }
  selector.undo(failed);
  for (AnalyzerId analyzer = 0; analyzer < 3; ++analyzer) {
    EXPECT_NEAR(selector.account(analyzer).deficit, never_tried.account(analyzer).deficit, exact);
  }
  EXPECT_TRUE(selector.sums_to_zero());
}

TEST(Full, IsCreditedUpToTheBoundThenTheOthersGetItsCredit) {
  const Weights weights{6, 3, 1};
  Selector selector = make_selector(weights, many_slots, {.catch_up_threshold = 50, .max_debt = 300});
  selector.set_slots(0, 1);
  const Charge stuck = selector.pick_this(0, 1);
  for (int packet = 0; packet < 2'000; ++packet) {
    place(selector, 1, 7);
    ASSERT_LE(selector.account(0).deficit, 300);
    ASSERT_TRUE(selector.sums_to_zero());
  }
  EXPECT_GT(selector.account(0).deficit, 300 - 7);
  // Between themselves the others keep their weights: the shares of the last stretch.
  std::array<int, 3> packets{};
  for (const AnalyzerId analyzer : place(selector, 4'000, 1)) ++packets[analyzer];
  EXPECT_EQ(packets[0], 0);
  EXPECT_NEAR(packets[1], 3'000, 7);
  EXPECT_NEAR(packets[2], 1'000, 7);
  selector.release(stuck);
  EXPECT_EQ(place(selector, 1, 1).front(), 0) << "it has a slot again and is far behind";
  place(selector, 8'000, 1);  // the lightest was ahead by half of what was owed
  EXPECT_LE(std::abs(selector.account(0).deficit), 7);
}

TEST(Full, SeveralOverflowInTurn) {
  Selector selector = make_selector({50, 40, 9, 1}, many_slots, {.catch_up_threshold = 10, .max_debt = 100});
  for (const AnalyzerId full : {0U, 1U, 2U}) selector.set_slots(full, 0);
  for (int packet = 0; packet < 1'000; ++packet) {
    ASSERT_EQ(place(selector, 1, 100).front(), 3);
    for (const AnalyzerId full : {0U, 1U, 2U}) ASSERT_LE(selector.account(full).deficit, 100);
    ASSERT_TRUE(selector.sums_to_zero());
  }
  EXPECT_GE(selector.account(3).deficit, -300) << "it owes them what they can be owed at most";
}

TEST(Full, EverybodyFullAndOnePickedAllTheSame) {
  Selector selector = make_selector({1, 1}, 0, {.max_debt = 0});
  selector.release(selector.pick_this(0, 10));
  selector.release(selector.pick_this(0, 10));
  EXPECT_TRUE(selector.sums_to_zero());
  selector.set_slots(0, 1);
  selector.set_slots(1, 1);
  EXPECT_TRUE(selector.pick({10}));
}

TEST(Membership, AddedStartsAtZeroAndRemovedLeavesItsDeficit) {
  Selector selector = make_selector({1, 1});
  place(selector, 1, 100);
  const AnalyzerId added = selector.add(2, many_slots);
  EXPECT_EQ(added, 2);
  EXPECT_EQ(selector.account(added).deficit, 0);
  EXPECT_EQ(selector.account(added).target_share, 0.5);
  EXPECT_NEAR(selector.account(1).deficit, 50, exact);
  const Charge under_way = *selector.pick({100});
  ASSERT_EQ(under_way.analyzer, 1);  // -25 now
  selector.remove(1);
  EXPECT_NEAR(selector.account(0).deficit + selector.account(2).deficit, 0, exact);
  EXPECT_EQ(selector.account(1).debt, 0);
  selector.undo(under_way);
  EXPECT_EQ(selector.account(1).in_flight, 0);
  EXPECT_EQ(selector.account(1).deficit, 0);
  EXPECT_TRUE(selector.sums_to_zero());
  EXPECT_EQ(selector.add(1, 1), 3) << "ids are never used again";
}

TEST(Membership, NewWeightCountsFromNowOn) {
  Selector selector = make_selector({1, 1});
  place(selector, 1, 100);
  selector.set_weight(0, 3);
  EXPECT_NEAR(selector.account(0).deficit, -50, exact);
  EXPECT_EQ(selector.account(0).target_share, 0.75);
  const auto chosen = place(selector, 4'000, 1);
  EXPECT_NEAR(static_cast<double>(std::ranges::count(chosen, 0U)), 3'000 - 50, 2);
}

}  // namespace
}  // namespace logdist::balance::test
