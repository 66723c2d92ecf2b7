#include "logdist/queue/memory_limiter.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "tests/queue/body.hpp"

namespace logdist::queue {
namespace {

TEST(MemoryLimiter, TakesWhatFitsAndGivesItBack) {
  MemoryLimiter limiter(100);
  Body first, second;
  EXPECT_TRUE(limiter.reserve(first, 60));
  EXPECT_TRUE(limiter.reserve(second, 40));
  EXPECT_EQ(limiter.held_bytes(), 100u);
  EXPECT_FALSE(limiter.release(first));
  EXPECT_FALSE(limiter.release(second));
  EXPECT_EQ(limiter.held_bytes(), 0u);
}

TEST(MemoryLimiter, ServesTheOldestFirstEvenWhenAYoungerOneWouldFit) {
  MemoryLimiter limiter(100);
  std::vector<int> order;
  Body holder, large(1, &order), small(2, &order);
  ASSERT_TRUE(limiter.reserve(holder, 60));
  EXPECT_FALSE(limiter.reserve(large, 80));
  EXPECT_FALSE(limiter.reserve(small, 10));
  EXPECT_TRUE(order.empty());
  limiter.release(holder);
  EXPECT_EQ(order, (std::vector{1, 2}));
  EXPECT_EQ(limiter.held_bytes(), 90u);
  limiter.release(large);
  limiter.release(small);
}

TEST(MemoryLimiter, LetsABodyLargerThanAllOfItGoAlone) {
  MemoryLimiter limiter(100);
  std::vector<int> order;
  Body holder, huge(1, &order), next(2, &order);
  ASSERT_TRUE(limiter.reserve(holder, 10));
  EXPECT_FALSE(limiter.reserve(huge, 500));
  EXPECT_FALSE(limiter.reserve(next, 20));
  limiter.release(holder);
  EXPECT_EQ(order, std::vector{1});
  EXPECT_EQ(limiter.held_bytes(), 500u);
  limiter.release(huge);
  EXPECT_EQ(order, (std::vector{1, 2}));
  limiter.release(next);
}

/// Each waited for the other: the older one for the one beyond the bound to go, that one for its turn.
TEST(MemoryLimiter, ABodyBeyondTheBoundGoesOnThoughAnOlderOneHasComeIntoItsLine) {
  constexpr std::size_t unknown = MemoryLimiter::length_unknown;
  MemoryLimiter limiter(100, 10);
  std::vector<int> order;
  Body older(1, &order), beyond(2, &order);
  ASSERT_TRUE(limiter.reserve(older, 5, unknown));
  ASSERT_TRUE(limiter.reserve(beyond, 80, unknown));
  ASSERT_TRUE(limiter.reserve(beyond, 99, unknown)) << "the oldest large one";
  ASSERT_FALSE(limiter.reserve(older, 20, unknown)) << "large now, too, and one is beyond already";
  EXPECT_TRUE(limiter.reserve(beyond, 120, unknown));
  limiter.end_growth(beyond, 110);
  EXPECT_TRUE(order.empty());
  limiter.release(beyond);
  EXPECT_EQ(order, std::vector{1});
  limiter.release(older);
}

/// One of unknown length that went beyond the bound as a small one and turns out to be large: the
/// small ones' turn to be beyond is taken until it is released, whether it waits or not.
TEST(MemoryLimiter, ABodyThatWentBeyondTheBoundAsASmallOneKeepsTheSmallOnesFromPassingIt) {
  constexpr std::size_t unknown = MemoryLimiter::length_unknown;
  MemoryLimiter limiter(100, 20);
  std::vector<int> order;
  Body large(1, &order), grown(2, &order), small(3, &order);
  ASSERT_TRUE(limiter.reserve(large, 80, unknown));
  ASSERT_TRUE(limiter.reserve(grown, 10, unknown));
  ASSERT_TRUE(limiter.reserve(small, 5, unknown));
  ASSERT_TRUE(limiter.reserve(large, 90, unknown)) << "beyond the part of the large ones";
  ASSERT_TRUE(limiter.reserve(grown, 20, unknown)) << "beyond the bound, as the oldest small one";
  ASSERT_EQ(limiter.held_bytes(), 115u);
  EXPECT_FALSE(limiter.reserve(grown, 30, unknown)) << "large now, and one of those is beyond already";
  EXPECT_FALSE(limiter.reserve(small, 20, unknown)) << "the one that was small is still beyond";
  EXPECT_TRUE(limiter.reserve(large, 95, unknown));
  EXPECT_TRUE(order.empty());
  limiter.release(large);
  EXPECT_EQ(order, (std::vector{3, 2})) << "both fit, one of each line";
  EXPECT_EQ(limiter.held_bytes(), 50u);
  limiter.release(grown);
  limiter.release(small);
}

TEST(MemoryLimiter, AWaiterThatLeavesIsNotToldAndLetsTheNextIn) {
  MemoryLimiter limiter(100);
  std::vector<int> order;
  Body holder, leaver(1, &order), next(2, &order);
  ASSERT_TRUE(limiter.reserve(holder, 60));
  EXPECT_FALSE(limiter.reserve(leaver, 80));
  EXPECT_FALSE(limiter.reserve(next, 40));
  EXPECT_TRUE(limiter.release(leaver));
  EXPECT_EQ(order, std::vector{2});
  EXPECT_FALSE(limiter.release(next));
  limiter.release(holder);
  EXPECT_EQ(limiter.held_bytes(), 0u);
}

TEST(MemoryLimiter, TheOldestGrowingBodyAlwaysGetsItsStep) {
  MemoryLimiter limiter(100);
  std::vector<int> order;
  Body oldest(1, &order), younger(2, &order);
  ASSERT_TRUE(limiter.reserve(oldest, 50, unknown));
  ASSERT_TRUE(limiter.reserve(younger, 50, unknown));
  EXPECT_FALSE(limiter.reserve(younger, 90, unknown));
  EXPECT_TRUE(limiter.reserve(oldest, 90, unknown));
  EXPECT_EQ(limiter.held_bytes(), 140u);
  EXPECT_TRUE(order.empty());
  limiter.end_growth(oldest, 50);  // the other is the oldest that grows now
  EXPECT_EQ(order, std::vector{2});
  EXPECT_EQ(limiter.held_bytes(), 140u);
  limiter.release(oldest);
  limiter.release(younger);
  EXPECT_EQ(limiter.held_bytes(), 0u);
}

/// Bodies that wait for their delivery hold their bytes long after they have
/// ended: were each let beyond the bound in turn, there would be no bound.
TEST(MemoryLimiter, ABodyBeyondTheBoundKeepsTheOthersFromPassingIt) {
  MemoryLimiter limiter(100);
  std::vector<int> order;
  Body first(1, &order), second(2, &order);
  ASSERT_TRUE(limiter.reserve(first, 50, unknown));
  ASSERT_TRUE(limiter.reserve(second, 50, unknown));
  ASSERT_TRUE(limiter.reserve(first, 90, unknown));
  limiter.end_growth(first, 90);
  EXPECT_FALSE(limiter.reserve(second, 90, unknown));
  EXPECT_EQ(limiter.held_bytes(), 140u);
  EXPECT_TRUE(order.empty());
  limiter.release(first);
  EXPECT_EQ(order, std::vector{2});
  EXPECT_EQ(limiter.held_bytes(), 90u);
  limiter.release(second);
}

TEST(MemoryLimiter, AGrowingBodyDoesNotWaitBehindAHugeOneThatWaitsForIt) {
  MemoryLimiter limiter(100);
  std::vector<int> order;
  Body growing(1, &order), huge(2, &order), late(3, &order);
  ASSERT_TRUE(limiter.reserve(growing, 50, unknown));
  EXPECT_FALSE(limiter.reserve(huge, 200));
  EXPECT_FALSE(limiter.reserve(late, 10, unknown));  // holds nothing yet: in line behind the huge one
  EXPECT_TRUE(limiter.reserve(growing, 60, unknown));
  limiter.end_growth(growing, 55);
  EXPECT_TRUE(order.empty());
  limiter.release(growing);
  EXPECT_EQ(order, std::vector{2});
  limiter.release(huge);
  EXPECT_EQ(order, (std::vector{2, 3}));
  limiter.release(late);
}

TEST(MemoryLimiter, ABodyReservesAsItArrivesOnceSpaceIsScarce) {
  constexpr std::size_t KiB = 1024;
  MemoryLimiter limiter(1024 * KiB);
  EXPECT_EQ(limiter.step(0, 20'000), 20'000u) << "the usual body in one step";
  EXPECT_EQ(limiter.step(3'000, 20'000), 20'000u);
  EXPECT_EQ(limiter.step(0, 64 * KiB), 64 * KiB);
  EXPECT_EQ(limiter.step(0, 10'000 * KiB), 64 * KiB) << "of a large one the beginning";
  EXPECT_EQ(limiter.step(64 * KiB, 10'000 * KiB), 128 * KiB);
  EXPECT_EQ(limiter.step(9'000 * KiB, 10'000 * KiB), 10'000 * KiB);
  EXPECT_EQ(limiter.step(0, unknown), 16 * KiB);
  EXPECT_EQ(limiter.step(100 * KiB, unknown), 200 * KiB);
  EXPECT_EQ(limiter.step(0, 0), 0u);

  Body half;
  ASSERT_TRUE(limiter.reserve(half, 512 * KiB));
  EXPECT_EQ(limiter.step(0, 20'000), 4 * KiB) << "announced, and nothing came";
  EXPECT_EQ(limiter.step(3'000, 20'000), 6'000u);
  EXPECT_EQ(limiter.step(12'000, 20'000), 20'000u);
  EXPECT_EQ(limiter.step(0, 10'000 * KiB), 4 * KiB);
  EXPECT_EQ(limiter.step(0, unknown), 4 * KiB);
  EXPECT_EQ(limiter.step(0, 100), 100u);
  limiter.release(half);
}

/// Of 80 bytes 10 are kept for bodies of at most 5.
TEST(MemoryLimiter, LargeBodiesLeaveAnEighthToSmallOnes) {
  MemoryLimiter limiter(80, 5);
  std::vector<int> order;
  Body large(1, &order), larger(2, &order), small_one(3, &order), small_two(4, &order), small_three(5, &order);
  ASSERT_TRUE(limiter.reserve(large, 65));
  EXPECT_FALSE(limiter.reserve(larger, 6)) << "71 would be into the eighth";
  EXPECT_TRUE(limiter.reserve(small_one, 5)) << "does not wait behind it";
  EXPECT_TRUE(limiter.reserve(small_two, 5));
  EXPECT_FALSE(limiter.reserve(small_three, 5)) << "beyond the eighth it is the older one's turn";
  limiter.release(small_one);
  EXPECT_EQ(order, std::vector{5});
  limiter.release(large);
  EXPECT_EQ(order, (std::vector{5, 2}));
  for (Body* body : {&larger, &small_two, &small_three}) limiter.release(*body);
  EXPECT_EQ(limiter.held_bytes(), 0u);
}

/// Beyond what is kept for them, small bodies wait their turn as all do.
TEST(MemoryLimiter, ALargeBodyIsNotStarvedBySmallOnes) {
  MemoryLimiter limiter(80, 5);
  std::vector<int> order;
  std::deque<Body> small_ones;
  for (int i = 0; i < 16; ++i) {
    ASSERT_TRUE(limiter.reserve(small_ones.emplace_back(i, &order), 5));
  }
  Body large(100, &order);
  EXPECT_FALSE(limiter.reserve(large, 20));
  for (std::size_t i = 0; i < 3; ++i) {  // one goes, another comes
    limiter.release(small_ones[i]);
    EXPECT_FALSE(limiter.reserve(small_ones[i], 5)) << i;
  }
  EXPECT_TRUE(order.empty());
  limiter.release(small_ones[3]);
  ASSERT_FALSE(order.empty());
  EXPECT_EQ(order.front(), 100);
  limiter.release(large);
  EXPECT_EQ(order, (std::vector{100, 0, 1, 2}));
  for (Body& body : small_ones) limiter.release(body);
}

/// It is known as large only when it is: then what it holds moves over to the large ones.
TEST(MemoryLimiter, ABodyOfUnknownLengthBecomesALargeOne) {
  MemoryLimiter limiter(80, 5);
  std::vector<int> order;
  Body large(1, &order), unknown_one(2, &order), small_one(3, &order), small_two(4, &order);
  ASSERT_TRUE(limiter.reserve(unknown_one, 5, unknown));
  ASSERT_TRUE(limiter.reserve(large, 65));
  ASSERT_TRUE(limiter.reserve(small_one, 5));
  EXPECT_TRUE(limiter.reserve(unknown_one, 6, unknown)) << "the oldest of the large ones that grow gets its step";
  EXPECT_TRUE(limiter.reserve(small_two, 5)) << "6 of the 10 bytes were not the small ones' any more";
  limiter.release(large);
  EXPECT_TRUE(limiter.reserve(unknown_one, 70, unknown));
  limiter.end_growth(unknown_one, 66);
  EXPECT_EQ(limiter.held_bytes(), 76u);
  for (Body* body : {&unknown_one, &small_one, &small_two}) limiter.release(*body);
  EXPECT_EQ(limiter.held_bytes(), 0u);
  EXPECT_TRUE(order.empty());
}

/// A body of known length that has its last step is no longer one of those that grow.
TEST(MemoryLimiter, ABodyThatHasShrunkGrowsAgainAndIsCountedOnce) {
  constexpr std::size_t unknown = MemoryLimiter::length_unknown;
  MemoryLimiter limiter(1000, 10);
  Body cut;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(limiter.reserve(cut, 6, unknown));
    ASSERT_TRUE(limiter.reserve(cut, 8, unknown));
    ASSERT_TRUE(limiter.reserve(cut, 100, unknown));
    limiter.end_growth(cut, 5);
    EXPECT_EQ(limiter.held_bytes(), 5u);
  }
  Body large;
  EXPECT_TRUE(limiter.reserve(large, 870)) << "875 are for large ones";
  limiter.release(large);
  limiter.release(cut);
  EXPECT_EQ(limiter.held_bytes(), 0u);
}

TEST(MemoryLimiter, ABodyThatIsWholeLetsTheNextOldestGrow) {
  MemoryLimiter limiter(100, 10);
  std::vector<int> order;
  Body first(1, &order), second(2, &order);
  ASSERT_TRUE(limiter.reserve(first, 40, 80));
  ASSERT_TRUE(limiter.reserve(second, 40, 80));
  EXPECT_FALSE(limiter.reserve(second, 80, 80));
  EXPECT_TRUE(limiter.reserve(first, 80, 80)) << "beyond the bound";
  EXPECT_TRUE(order.empty()) << "one at a time";
  limiter.release(first);
  EXPECT_EQ(order, std::vector{2});
  limiter.release(second);
  EXPECT_EQ(limiter.held_bytes(), 0u);
}

TEST(MemoryLimiter, WhatIsMadeOfBodiesCountsAndLeavesTheSmallOnesTheirPart) {
  MemoryLimiter limiter(800, 50);
  EXPECT_TRUE(limiter.try_hold(600));
  EXPECT_TRUE(limiter.has_room(100));
  EXPECT_FALSE(limiter.has_room(101)) << "an eighth is for small bodies";
  EXPECT_FALSE(limiter.try_hold(101));
  EXPECT_EQ(limiter.held_bytes(), 600u);
  limiter.hold(150);
  Body small;
  EXPECT_TRUE(limiter.reserve(small, 50));
  EXPECT_EQ(limiter.held_bytes(), 800u);
  Body large;
  EXPECT_FALSE(limiter.reserve(large, 300));
  EXPECT_FALSE(limiter.has_room(0)) << "one waits";
  limiter.hold(700);
  EXPECT_EQ(limiter.held_bytes(), 1500u) << "beyond the limit, and nobody else is";
  limiter.let_go(700);
  EXPECT_EQ(large.grants, 0);
  limiter.let_go(350);
  EXPECT_EQ(large.grants, 1);
  limiter.let_go(400);
  limiter.release(large);
  limiter.release(small);
  EXPECT_EQ(limiter.held_bytes(), 0u);
}

}  // namespace
}  // namespace logdist::queue
