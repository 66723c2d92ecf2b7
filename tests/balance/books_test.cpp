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
    books.credit(largest);
    books.charge(static_cast<AnalyzerId>(packets % 3), largest);
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
  while (!books.epoch_is_long()) books.undo(0, largest);
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
  books.credit(8);
  EXPECT_FALSE(books.passes(0, 6).before(books.now()));
  books.credit(1);
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
  books.credit(10);
  books.charge(0, 10);
  EXPECT_TRUE(books.sums_to_zero());
}

}  // namespace
}  // namespace logdist::balance
