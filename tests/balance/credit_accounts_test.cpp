#include "balance/credit_accounts.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

namespace logdist::balance {
namespace {

constexpr std::uint32_t largest = ~std::uint32_t{0};

std::vector<int128> deficits(const CreditAccounts& accounts) {
  std::vector<int128> units;
  for (AnalyzerId analyzer = 0; analyzer < accounts.size(); ++analyzer)
    units.push_back(accounts.deficit_units(analyzer));
  return units;
}

TEST(CreditAccounts, EpochEndsInTimeAndChangesNothing) {
  CreditAccounts accounts(1'000);
  for (const std::uint64_t weight : {7U, 5U, 1U}) accounts.open(weight);
  int packets = 0;
  for (; !accounts.epoch_is_long(); ++packets) {
    accounts.credit(largest, false);
    accounts.charge(static_cast<AnalyzerId>(packets % 3), largest, false);
  }
  EXPECT_EQ(packets, 257) << "2^40 messages";
  const auto before = deficits(accounts);
  accounts.begin_epoch();
  EXPECT_EQ(accounts.now(), 0);
  EXPECT_FALSE(accounts.epoch_is_long());
  EXPECT_TRUE(deficits(accounts) == before);
  EXPECT_TRUE(accounts.sums_to_zero());
}

TEST(CreditAccounts, EpochOfUndoneCreditsEndsToo) {
  CreditAccounts accounts(1'000);
  accounts.open(1);
  while (!accounts.epoch_is_long()) accounts.undo(0, largest, false);
  EXPECT_LT(accounts.now(), 0);
  EXPECT_EQ(accounts.deficit(0), 0);
}

TEST(CreditAccounts, MomentsAreWhenTheDeficitPasses) {
  CreditAccounts accounts(1'000);
  accounts.open(3);
  accounts.open(1);
  // Credited 3/4 a message: behind by more than 6 after 8 messages, not with them.
  EXPECT_TRUE(accounts.passes(0, 6).whole == 8);
  EXPECT_EQ(accounts.passes(0, 6).part, 0);
  accounts.credit(8, false);
  EXPECT_FALSE(accounts.passes(0, 6).before(accounts.now()));
  accounts.credit(1, false);
  EXPECT_TRUE(accounts.passes(0, 6).before(accounts.now()));
  EXPECT_EQ(accounts.deficit(0), 6.75);
}

TEST(CreditAccounts, SomebodyIsAlwaysCredited) {
  CreditAccounts accounts(1'000);
  accounts.open(3);
  accounts.open(1);
  EXPECT_FALSE(accounts.suspend(std::array<AnalyzerId, 2>{0, 1}));
  EXPECT_TRUE(accounts.suspend(std::array<AnalyzerId, 1>{0}));
  EXPECT_FALSE(accounts.credited(0));
  accounts.leave(1);
  EXPECT_TRUE(accounts.credited(0)) << "the last in service";
  accounts.credit(10, false);
  accounts.charge(0, 10, false);
  EXPECT_TRUE(accounts.sums_to_zero());
}

/// What is owed for is what some have had too much of, and it is not owed to others.
TEST(CreditAccounts, WhatIsDeferredIsTakenBackFromThoseAhead) {
  CreditAccounts accounts(1'000);
  for (const std::uint64_t weight : {3U, 3U, 1U, 1U}) accounts.open(weight);
  const auto ordinary = [&accounts](AnalyzerId analyzer) {
    return accounts.deficit(analyzer) - accounts.arrears(analyzer);
  };
  accounts.credit(80, false);
  for (const AnalyzerId ahead : {2U, 3U}) accounts.charge(ahead, ahead == 2 ? 65 : 15, false);
  ASSERT_EQ(ordinary(0), 30);
  ASSERT_EQ(ordinary(2), -55);
  ASSERT_EQ(ordinary(3), -5);
  accounts.defer(0);
  EXPECT_EQ(ordinary(0), 0);
  EXPECT_EQ(ordinary(1), 30) << "it is owed no more than it was";
  EXPECT_EQ(ordinary(2), -30) << "half of 30, and what was too much for the other";
  EXPECT_EQ(ordinary(3), 0);
  EXPECT_EQ(accounts.arrears(2), -25);
  EXPECT_TRUE(accounts.sums_to_zero());
  accounts.defer(1);
  for (AnalyzerId id = 0; id < 4; ++id) EXPECT_EQ(ordinary(id), 0);
  EXPECT_TRUE(accounts.sums_to_zero());
}

TEST(CreditAccounts, ArrearsArePaidOutsideTheOrdinaryAccounts) {
  CreditAccounts accounts(1'000);
  for (const std::uint64_t weight : {1U, 1U, 2U}) accounts.open(weight);
  accounts.leave(0);
  for (int packet = 0; packet < 30; ++packet) {
    accounts.credit(10, false);
    accounts.charge(packet % 3 == 0 ? 1 : 2, 10, false);
  }
  accounts.join(0, 10);
  EXPECT_EQ(accounts.deficit(0), 75) << "a quarter of 300";
  EXPECT_EQ(accounts.arrears(0), 75);
  EXPECT_EQ(accounts.arrears(1), -25);
  EXPECT_TRUE(accounts.ordinary_units(0) == 0);
  accounts.credit(10, true);
  accounts.charge(0, 10, true);
  EXPECT_EQ(accounts.arrears(0), 67.5) << "10 less its own share of them";
  EXPECT_TRUE(accounts.ordinary_units(0) == 0);
  accounts.undo(0, 10, true);
  EXPECT_EQ(accounts.arrears(0), 75);
  accounts.fold_arrears();
  EXPECT_FALSE(accounts.has_arrears());
  EXPECT_TRUE(accounts.ordinary_units(0) == accounts.in_units(75));
  accounts.defer(0);
  EXPECT_EQ(accounts.arrears(0), 75);
  EXPECT_EQ(accounts.arrears(2), -50);
  EXPECT_TRUE(accounts.ordinary_units(2) == 0);
  EXPECT_TRUE(accounts.sums_to_zero());
}

}  // namespace
}  // namespace logdist::balance
