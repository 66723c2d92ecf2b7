#include "logdist/queue/queue_limits.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace logdist::queue {
namespace {

TEST(QueueLimits, TakesUntilThePacketsAreAllTaken) {
  QueueLimits bounds(3, 100);
  EXPECT_TRUE(bounds.try_take(10));
  EXPECT_TRUE(bounds.try_take(0)) << "a packet of no bytes is one, too";
  EXPECT_TRUE(bounds.try_take(10));
  EXPECT_FALSE(bounds.try_take(1));
  EXPECT_EQ(bounds.packets(), 3u);
  EXPECT_EQ(bounds.bytes(), 20u);
  bounds.give_back(10);
  EXPECT_TRUE(bounds.try_take(1));
  EXPECT_EQ(bounds.packets(), 3u);
  EXPECT_EQ(bounds.bytes(), 11u);
}

TEST(QueueLimits, TakesUntilTheBytesAreAllTaken) {
  QueueLimits bounds(100, 50);
  EXPECT_TRUE(bounds.try_take(30));
  EXPECT_FALSE(bounds.try_take(21));
  EXPECT_EQ(bounds.packets(), 1u) << "who is refused takes nothing";
  EXPECT_EQ(bounds.bytes(), 30u);
  EXPECT_TRUE(bounds.try_take(20)) << "up to the bound itself";
  EXPECT_FALSE(bounds.try_take(1));
  bounds.give_back(30);
  EXPECT_EQ(bounds.bytes(), 20u);
  EXPECT_TRUE(bounds.try_take(30));
}

TEST(QueueLimits, NeverTakesMoreThanAllBytes) {
  QueueLimits bounds(100, 50);
  EXPECT_FALSE(bounds.try_take(51)) << "even when it is empty";
  EXPECT_FALSE(bounds.try_take(~std::size_t{0}));
  EXPECT_EQ(bounds.packets(), 0u);
  EXPECT_TRUE(bounds.try_take(50));
}

TEST(QueueLimits, KeepsItsCountsApartAtTheirLimits) {
  QueueLimits bounds(QueueLimits::limit_packets, QueueLimits::limit_bytes);
  EXPECT_EQ(bounds.max_packets(), QueueLimits::limit_packets);
  EXPECT_EQ(bounds.max_bytes(), QueueLimits::limit_bytes);
  ASSERT_TRUE(bounds.try_take(QueueLimits::limit_bytes));
  EXPECT_EQ(bounds.packets(), 1u);
  EXPECT_EQ(bounds.bytes(), QueueLimits::limit_bytes);
  EXPECT_FALSE(bounds.try_take(1));
  EXPECT_TRUE(bounds.try_take(0)) << "no byte is left, but places are";
  EXPECT_EQ(bounds.packets(), 2u);
  bounds.give_back(QueueLimits::limit_bytes);
  bounds.give_back(0);
  EXPECT_EQ(bounds.packets(), 0u);
  EXPECT_EQ(bounds.bytes(), 0u);
}

TEST(QueueLimits, IsFullWhenTheLastWhoAskedHasFoundNoPlace) {
  QueueLimits bounds(3, 100);
  EXPECT_FALSE(bounds.full());
  EXPECT_TRUE(bounds.try_take(60));
  EXPECT_FALSE(bounds.full());
  EXPECT_FALSE(bounds.try_take(60));
  EXPECT_TRUE(bounds.full()) << "though 40 bytes are left";
  EXPECT_TRUE(bounds.try_take(10));
  EXPECT_FALSE(bounds.full()) << "one that fits is taken";
  EXPECT_FALSE(bounds.try_take(60));
  bounds.give_back(10);
  EXPECT_FALSE(bounds.full());
  EXPECT_TRUE(bounds.try_take(1));
  EXPECT_TRUE(bounds.try_take(1));
  EXPECT_TRUE(bounds.full()) << "no place is left, whoever asks";
}

TEST(BoundsThreads, AreNeverPassed) {
  QueueLimits bounds(5, 1'000);
  std::vector<std::jthread> threads;
  for (std::size_t thread = 1; thread <= 4; ++thread) {
    threads.emplace_back([&bounds, thread] {
      for (int i = 0; i < 20'000; ++i) {
        const std::size_t bytes = thread * 100;
        if (!bounds.try_take(bytes)) continue;
        ASSERT_LE(bounds.packets(), 5u);
        ASSERT_LE(bounds.bytes(), 1'000u);
        bounds.give_back(bytes);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(bounds.packets(), 0u);
  EXPECT_EQ(bounds.bytes(), 0u);
}

}  // namespace
}  // namespace logdist::queue
