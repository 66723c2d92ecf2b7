#include "balance/books.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

namespace logdist::balance {
namespace {

constexpr std::uint32_t largest = ~std::uint32_t{0};

std::vector<int128> deficits(const Books& books) {
  std::vector<int128> units;
  for (AnalyzerId analyzer = 0; analyzer < books.size(); ++analyzer) units.push_back(books.deficit_units(analyzer));
  return units;
}

TEST(Books, EpochEndsInTimeAndChangesNothing) {
  Books books(1'000);
  for (const std::uint64_t weight : {7U, 5U, 1U}) books.open(weight);
  int packets = 0;
  for (; !books.epoch_is_long(); ++packets) {
    books.credit(largest, false);
    books.charge(static_cast<AnalyzerId>(packets % 3), largest, false);
  }
  EXPECT_EQ(packets, 257) << "2^40 messages";
  const auto before = deficits(books);
  books.begin_epoch();
  EXPECT_EQ(books.now(), 0);
  EXPECT_FALSE(books.epoch_is_long());
  EXPECT_TRUE(deficits(books) == before);
  EXPECT_TRUE(books.sums_to_zero());
}

TEST(Books, EpochOfUndoneCreditsEndsToo) {
  Books books(1'000);
  books.open(1);
  while (!books.epoch_is_long()) books.undo(0, largest, false);
  EXPECT_LT(books.now(), 0);
  EXPECT_EQ(books.deficit(0), 0);
}

TEST(Books, MomentsAreWhenTheDeficitPasses) {
  Books books(1'000);
  books.open(3);
  books.open(1);
  // Credited 3/4 a message: behind by more than 6 after 8 messages, not with them.
  EXPECT_TRUE(books.passes(0, 6).whole == 8);
  EXPECT_EQ(books.passes(0, 6).part, 0);
  books.credit(8, false);
  EXPECT_FALSE(books.passes(0, 6).before(books.now()));
  books.credit(1, false);
  EXPECT_TRUE(books.passes(0, 6).before(books.now()));
  EXPECT_EQ(books.deficit(0), 6.75);
}

TEST(Books, SomebodyIsAlwaysCredited) {
  Books books(1'000);
  books.open(3);
  books.open(1);
  EXPECT_FALSE(books.suspend(std::array<AnalyzerId, 2>{0, 1}));
  EXPECT_TRUE(books.suspend(std::array<AnalyzerId, 1>{0}));
  EXPECT_FALSE(books.credited(0));
  books.leave(1);
  EXPECT_TRUE(books.credited(0)) << "the last in service";
  books.credit(10, false);
  books.charge(0, 10, false);
  EXPECT_TRUE(books.sums_to_zero());
}

/// What is owed for is what some have had too much of, and it is not owed to others.
TEST(Books, WhatIsDeferredIsTakenBackFromThoseAhead) {
  Books books(1'000);
  for (const std::uint64_t weight : {3U, 3U, 1U, 1U}) books.open(weight);
  const auto ordinary = [&books](AnalyzerId analyzer) { return books.deficit(analyzer) - books.arrears(analyzer); };
  books.credit(80, false);
  for (const AnalyzerId ahead : {2U, 3U}) books.charge(ahead, ahead == 2 ? 65 : 15, false);
  ASSERT_EQ(ordinary(0), 30);
  ASSERT_EQ(ordinary(2), -55);
  ASSERT_EQ(ordinary(3), -5);
  books.defer(0);
  EXPECT_EQ(ordinary(0), 0);
  EXPECT_EQ(ordinary(1), 30) << "it is owed no more than it was";
  EXPECT_EQ(ordinary(2), -30) << "half of 30, and what was too much for the other";
  EXPECT_EQ(ordinary(3), 0);
  EXPECT_EQ(books.arrears(2), -25);
  EXPECT_TRUE(books.sums_to_zero());
  books.defer(1);
  for (AnalyzerId id = 0; id < 4; ++id) EXPECT_EQ(ordinary(id), 0);
  EXPECT_TRUE(books.sums_to_zero());
}

TEST(Books, ArrearsArePaidOutsideTheOrdinaryAccounts) {
  Books books(1'000);
  for (const std::uint64_t weight : {1U, 1U, 2U}) books.open(weight);
  books.leave(0);
  for (int packet = 0; packet < 30; ++packet) {
    books.credit(10, false);
    books.charge(packet % 3 == 0 ? 1 : 2, 10, false);
  }
  books.join(0, 10);
  EXPECT_EQ(books.deficit(0), 75) << "a quarter of 300";
  EXPECT_EQ(books.arrears(0), 75);
  EXPECT_EQ(books.arrears(1), -25);
  EXPECT_TRUE(books.ordinary_units(0) == 0);
  books.credit(10, true);
  books.charge(0, 10, true);
  EXPECT_EQ(books.arrears(0), 67.5) << "10 less its own share of them";
  EXPECT_TRUE(books.ordinary_units(0) == 0);
  books.undo(0, 10, true);
  EXPECT_EQ(books.arrears(0), 75);
  books.fold_arrears();
  EXPECT_FALSE(books.has_arrears());
  EXPECT_TRUE(books.ordinary_units(0) == books.in_units(75));
  books.defer(0);
  EXPECT_EQ(books.arrears(0), 75);
  EXPECT_EQ(books.arrears(2), -50);
  EXPECT_TRUE(books.ordinary_units(2) == 0);
  EXPECT_TRUE(books.sums_to_zero());
}

}  // namespace
}  // namespace logdist::balance
