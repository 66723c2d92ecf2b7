#include "logdist/queue/byte_budget.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "tests/queue/body.hpp"

namespace logdist::queue {
namespace {

TEST(ByteBudget, TakesWhatFitsAndGivesItBack) {
  ByteBudget budget(100);
  Body first, second;
  EXPECT_TRUE(budget.reserve(first, 60));
  EXPECT_TRUE(budget.reserve(second, 40));
  EXPECT_EQ(budget.held_bytes(), 100u);
  EXPECT_FALSE(budget.release(first));
  EXPECT_FALSE(budget.release(second));
  EXPECT_EQ(budget.held_bytes(), 0u);
}

TEST(ByteBudget, ServesTheOldestFirstEvenWhenAYoungerOneWouldFit) {
  ByteBudget budget(100);
  std::vector<int> order;
  Body holder, large(1, &order), small(2, &order);
  ASSERT_TRUE(budget.reserve(holder, 60));
  EXPECT_FALSE(budget.reserve(large, 80));
  EXPECT_FALSE(budget.reserve(small, 10));
  EXPECT_TRUE(order.empty());
  budget.release(holder);
  EXPECT_EQ(order, (std::vector{1, 2}));
  EXPECT_EQ(budget.held_bytes(), 90u);
  budget.release(large);
  budget.release(small);
}

TEST(ByteBudget, LetsABodyLargerThanAllOfItGoAlone) {
  ByteBudget budget(100);
  std::vector<int> order;
  Body holder, huge(1, &order), next(2, &order);
  ASSERT_TRUE(budget.reserve(holder, 10));
  EXPECT_FALSE(budget.reserve(huge, 500));
  EXPECT_FALSE(budget.reserve(next, 20));
  budget.release(holder);
  EXPECT_EQ(order, std::vector{1});
  EXPECT_EQ(budget.held_bytes(), 500u);
  budget.release(huge);
  EXPECT_EQ(order, (std::vector{1, 2}));
  budget.release(next);
}

/// Each waited for the other: the older one for the one beyond the bound to go, that one for its turn.
TEST(ByteBudget, ABodyBeyondTheBoundGoesOnThoughAnOlderOneHasComeIntoItsLine) {
  constexpr std::size_t unknown = ByteBudget::length_unknown;
  ByteBudget budget(100, 10);
  std::vector<int> order;
  Body older(1, &order), beyond(2, &order);
  ASSERT_TRUE(budget.reserve(older, 5, unknown));
  ASSERT_TRUE(budget.reserve(beyond, 80, unknown));
  ASSERT_TRUE(budget.reserve(beyond, 99, unknown)) << "the oldest large one";
  ASSERT_FALSE(budget.reserve(older, 20, unknown)) << "large now, too, and one is beyond already";
  EXPECT_TRUE(budget.reserve(beyond, 120, unknown));
  budget.end_growth(beyond, 110);
  EXPECT_TRUE(order.empty());
  budget.release(beyond);
  EXPECT_EQ(order, std::vector{1});
  budget.release(older);
}

/// One of unknown length that went beyond the bound as a small one and turns out to be large: the
/// small ones' turn to be beyond is taken until it is released, whether it waits or not.
TEST(ByteBudget, ABodyThatWentBeyondTheBoundAsASmallOneKeepsTheSmallOnesFromPassingIt) {
  constexpr std::size_t unknown = ByteBudget::length_unknown;
  ByteBudget budget(100, 20);
  std::vector<int> order;
  Body large(1, &order), grown(2, &order), small(3, &order);
  ASSERT_TRUE(budget.reserve(large, 80, unknown));
  ASSERT_TRUE(budget.reserve(grown, 10, unknown));
  ASSERT_TRUE(budget.reserve(small, 5, unknown));
  ASSERT_TRUE(budget.reserve(large, 90, unknown)) << "beyond the part of the large ones";
  ASSERT_TRUE(budget.reserve(grown, 20, unknown)) << "beyond the bound, as the oldest small one";
  ASSERT_EQ(budget.held_bytes(), 115u);
  EXPECT_FALSE(budget.reserve(grown, 30, unknown)) << "large now, and one of those is beyond already";
  EXPECT_FALSE(budget.reserve(small, 20, unknown)) << "the one that was small is still beyond";
  EXPECT_TRUE(budget.reserve(large, 95, unknown));
  EXPECT_TRUE(order.empty());
  budget.release(large);
  EXPECT_EQ(order, (std::vector{3, 2})) << "both fit, one of each line";
  EXPECT_EQ(budget.held_bytes(), 50u);
  budget.release(grown);
  budget.release(small);
}

TEST(ByteBudget, AWaiterThatLeavesIsNotToldAndLetsTheNextIn) {
  ByteBudget budget(100);
  std::vector<int> order;
  Body holder, leaver(1, &order), next(2, &order);
  ASSERT_TRUE(budget.reserve(holder, 60));
  EXPECT_FALSE(budget.reserve(leaver, 80));
  EXPECT_FALSE(budget.reserve(next, 40));
  EXPECT_TRUE(budget.release(leaver));
  EXPECT_EQ(order, std::vector{2});
  EXPECT_FALSE(budget.release(next));
  budget.release(holder);
  EXPECT_EQ(budget.held_bytes(), 0u);
}

TEST(ByteBudget, TheOldestGrowingBodyAlwaysGetsItsStep) {
  ByteBudget budget(100);
  std::vector<int> order;
  Body oldest(1, &order), younger(2, &order);
  ASSERT_TRUE(budget.reserve(oldest, 50, unknown));
  ASSERT_TRUE(budget.reserve(younger, 50, unknown));
  EXPECT_FALSE(budget.reserve(younger, 90, unknown));
  EXPECT_TRUE(budget.reserve(oldest, 90, unknown));
  EXPECT_EQ(budget.held_bytes(), 140u);
  EXPECT_TRUE(order.empty());
  budget.end_growth(oldest, 50);  // the other is the oldest that grows now
  EXPECT_EQ(order, std::vector{2});
  EXPECT_EQ(budget.held_bytes(), 140u);
  budget.release(oldest);
  budget.release(younger);
  EXPECT_EQ(budget.held_bytes(), 0u);
}

/// Bodies that wait for their delivery hold their bytes long after they have
/// ended: were each let beyond the bound in turn, there would be no bound.
TEST(ByteBudget, ABodyBeyondTheBoundKeepsTheOthersFromPassingIt) {
  ByteBudget budget(100);
  std::vector<int> order;
  Body first(1, &order), second(2, &order);
  ASSERT_TRUE(budget.reserve(first, 50, unknown));
  ASSERT_TRUE(budget.reserve(second, 50, unknown));
  ASSERT_TRUE(budget.reserve(first, 90, unknown));
  budget.end_growth(first, 90);
  EXPECT_FALSE(budget.reserve(second, 90, unknown));
  EXPECT_EQ(budget.held_bytes(), 140u);
  EXPECT_TRUE(order.empty());
  budget.release(first);
  EXPECT_EQ(order, std::vector{2});
  EXPECT_EQ(budget.held_bytes(), 90u);
  budget.release(second);
}

TEST(ByteBudget, AGrowingBodyDoesNotWaitBehindAHugeOneThatWaitsForIt) {
  ByteBudget budget(100);
  std::vector<int> order;
  Body growing(1, &order), huge(2, &order), late(3, &order);
  ASSERT_TRUE(budget.reserve(growing, 50, unknown));
  EXPECT_FALSE(budget.reserve(huge, 200));
  EXPECT_FALSE(budget.reserve(late, 10, unknown));  // holds nothing yet: in line behind the huge one
  EXPECT_TRUE(budget.reserve(growing, 60, unknown));
  budget.end_growth(growing, 55);
  EXPECT_TRUE(order.empty());
  budget.release(growing);
  EXPECT_EQ(order, std::vector{2});
  budget.release(huge);
  EXPECT_EQ(order, (std::vector{2, 3}));
  budget.release(late);
}

TEST(ByteBudget, ABodyReservesAsItArrivesOnceSpaceIsScarce) {
  constexpr std::size_t KiB = 1024;
  ByteBudget budget(1024 * KiB);
  EXPECT_EQ(budget.step(0, 20'000), 20'000u) << "the usual body in one step";
  EXPECT_EQ(budget.step(3'000, 20'000), 20'000u);
  EXPECT_EQ(budget.step(0, 64 * KiB), 64 * KiB);
  EXPECT_EQ(budget.step(0, 10'000 * KiB), 64 * KiB) << "of a large one the beginning";
  EXPECT_EQ(budget.step(64 * KiB, 10'000 * KiB), 128 * KiB);
  EXPECT_EQ(budget.step(9'000 * KiB, 10'000 * KiB), 10'000 * KiB);
  EXPECT_EQ(budget.step(0, unknown), 16 * KiB);
  EXPECT_EQ(budget.step(100 * KiB, unknown), 200 * KiB);
  EXPECT_EQ(budget.step(0, 0), 0u);

  Body half;
  ASSERT_TRUE(budget.reserve(half, 512 * KiB));
  EXPECT_EQ(budget.step(0, 20'000), 4 * KiB) << "announced, and nothing came";
  EXPECT_EQ(budget.step(3'000, 20'000), 6'000u);
  EXPECT_EQ(budget.step(12'000, 20'000), 20'000u);
  EXPECT_EQ(budget.step(0, 10'000 * KiB), 4 * KiB);
  EXPECT_EQ(budget.step(0, unknown), 4 * KiB);
  EXPECT_EQ(budget.step(0, 100), 100u);
  budget.release(half);
}

/// Of 80 bytes 10 are kept for bodies of at most 5.
TEST(ByteBudget, LargeBodiesLeaveAnEighthToSmallOnes) {
  ByteBudget budget(80, 5);
  std::vector<int> order;
  Body large(1, &order), larger(2, &order), small_one(3, &order), small_two(4, &order), small_three(5, &order);
  ASSERT_TRUE(budget.reserve(large, 65));
  EXPECT_FALSE(budget.reserve(larger, 6)) << "71 would be into the eighth";
  EXPECT_TRUE(budget.reserve(small_one, 5)) << "does not wait behind it";
  EXPECT_TRUE(budget.reserve(small_two, 5));
  EXPECT_FALSE(budget.reserve(small_three, 5)) << "beyond the eighth it is the older one's turn";
  budget.release(small_one);
  EXPECT_EQ(order, std::vector{5});
  budget.release(large);
  EXPECT_EQ(order, (std::vector{5, 2}));
  for (Body* body : {&larger, &small_two, &small_three}) budget.release(*body);
  EXPECT_EQ(budget.held_bytes(), 0u);
}

/// Beyond what is kept for them, small bodies wait their turn as all do.
TEST(ByteBudget, ALargeBodyIsNotStarvedBySmallOnes) {
  ByteBudget budget(80, 5);
  std::vector<int> order;
  std::deque<Body> small_ones;
  for (int i = 0; i < 16; ++i) {
    ASSERT_TRUE(budget.reserve(small_ones.emplace_back(i, &order), 5));
  }
  Body large(100, &order);
  EXPECT_FALSE(budget.reserve(large, 20));
  for (std::size_t i = 0; i < 3; ++i) {  // one goes, another comes
    budget.release(small_ones[i]);
    EXPECT_FALSE(budget.reserve(small_ones[i], 5)) << i;
  }
  EXPECT_TRUE(order.empty());
  budget.release(small_ones[3]);
  ASSERT_FALSE(order.empty());
  EXPECT_EQ(order.front(), 100);
  budget.release(large);
  EXPECT_EQ(order, (std::vector{100, 0, 1, 2}));
  for (Body& body : small_ones) budget.release(body);
}

/// It is known as large only when it is: then what it holds moves over to the large ones.
TEST(ByteBudget, ABodyOfUnknownLengthBecomesALargeOne) {
  ByteBudget budget(80, 5);
  std::vector<int> order;
  Body large(1, &order), unknown_one(2, &order), small_one(3, &order), small_two(4, &order);
  ASSERT_TRUE(budget.reserve(unknown_one, 5, unknown));
  ASSERT_TRUE(budget.reserve(large, 65));
  ASSERT_TRUE(budget.reserve(small_one, 5));
  EXPECT_TRUE(budget.reserve(unknown_one, 6, unknown)) << "the oldest of the large ones that grow gets its step";
  EXPECT_TRUE(budget.reserve(small_two, 5)) << "6 of the 10 bytes were not the small ones' any more";
  budget.release(large);
  EXPECT_TRUE(budget.reserve(unknown_one, 70, unknown));
  budget.end_growth(unknown_one, 66);
  EXPECT_EQ(budget.held_bytes(), 76u);
  for (Body* body : {&unknown_one, &small_one, &small_two}) budget.release(*body);
  EXPECT_EQ(budget.held_bytes(), 0u);
  EXPECT_TRUE(order.empty());
}

/// A body of known length that has its last step is no longer one of those that grow.
TEST(ByteBudget, ABodyThatIsWholeLetsTheNextOldestGrow) {
  ByteBudget budget(100, 10);
  std::vector<int> order;
  Body first(1, &order), second(2, &order);
  ASSERT_TRUE(budget.reserve(first, 40, 80));
  ASSERT_TRUE(budget.reserve(second, 40, 80));
  EXPECT_FALSE(budget.reserve(second, 80, 80));
  EXPECT_TRUE(budget.reserve(first, 80, 80)) << "beyond the bound";
  EXPECT_TRUE(order.empty()) << "one at a time";
  budget.release(first);
  EXPECT_EQ(order, std::vector{2});
  budget.release(second);
  EXPECT_EQ(budget.held_bytes(), 0u);
}

}  // namespace
}  // namespace logdist::queue
