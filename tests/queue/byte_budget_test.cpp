#include "logdist/queue/byte_budget.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <semaphore>
#include <thread>
#include <vector>

#include "logdist/base/random.hpp"

namespace logdist::queue {
namespace {

/// A body that notes in `order` when its wait is over.
class Body final : public ByteBudget::Claim {
 public:
  explicit Body(int name = 0, std::vector<int>* order = nullptr) : name_(name), order_(order) {}
  void granted() override {
    grants += 1;
    if (order_ != nullptr) order_->push_back(name_);
  }
  int grants = 0;

 private:
  const int name_;
  std::vector<int>* const order_;
};

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
  ASSERT_TRUE(budget.reserve(holder, 1));
  EXPECT_FALSE(budget.reserve(huge, 500));
  EXPECT_FALSE(budget.reserve(next, 1));
  budget.release(holder);
  EXPECT_EQ(order, std::vector{1});
  EXPECT_EQ(budget.held_bytes(), 500u);
  budget.release(huge);
  EXPECT_EQ(order, (std::vector{1, 2}));
  budget.release(next);
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
  ASSERT_TRUE(budget.grow(oldest, 50));
  ASSERT_TRUE(budget.grow(younger, 50));
  EXPECT_FALSE(budget.grow(younger, 90));
  EXPECT_TRUE(budget.grow(oldest, 90));
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
  ASSERT_TRUE(budget.grow(first, 50));
  ASSERT_TRUE(budget.grow(second, 50));
  ASSERT_TRUE(budget.grow(first, 90));
  budget.end_growth(first, 90);
  EXPECT_FALSE(budget.grow(second, 90));
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
  ASSERT_TRUE(budget.grow(growing, 50));
  EXPECT_FALSE(budget.reserve(huge, 200));
  EXPECT_FALSE(budget.grow(late, 10));  // holds nothing yet: in line behind the huge one
  EXPECT_TRUE(budget.grow(growing, 60));
  budget.end_growth(growing, 55);
  EXPECT_TRUE(order.empty());
  budget.release(growing);
  EXPECT_EQ(order, std::vector{2});
  budget.release(huge);
  EXPECT_EQ(order, (std::vector{2, 3}));
  budget.release(late);
}

/// Random reservations, growths and releases against the plain statement of the
/// rules: bytes are never lost, first-timers go oldest first, and nobody waits
/// while the room would do.
TEST(ByteBudgetProperty, KeepsItsRulesUnderRandomUse) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  constexpr std::size_t max_bytes = 1000;
  ByteBudget budget(max_bytes);
  struct Entry {
    std::unique_ptr<Body> body;
    bool grows;
    int waits;
  };
  std::deque<Entry> entries;
  std::vector<int> order;
  int next_name = 1;

  const auto waiting = [](const Entry& entry) { return entry.waits > entry.body->grants; };
  for (int step = 0; step < 20'000; ++step) {
    order.clear();
    if (entries.size() < 20 && random.below(2) == 0) {
      Entry entry{std::make_unique<Body>(next_name++, &order), random.below(3) == 0, 0};
      const std::size_t bytes = 1 + random.below(random.below(50) == 0 ? 2 * max_bytes : max_bytes / 3);
      if (!(entry.grows ? budget.grow(*entry.body, bytes) : budget.reserve(*entry.body, bytes))) entry.waits += 1;
      entries.push_back(std::move(entry));
    } else if (!entries.empty()) {
      const auto at = entries.begin() + static_cast<std::ptrdiff_t>(random.below(entries.size()));
      if (at->grows && !waiting(*at) && at->body->held_bytes() < max_bytes && random.below(2) == 0) {
        if (!budget.grow(*at->body, at->body->held_bytes() + 1 + random.below(100))) at->waits += 1;
      } else {
        EXPECT_EQ(budget.release(*at->body), waiting(*at));
        entries.erase(at);
      }
    }
    std::size_t held = 0;
    const Entry* oldest_growing = nullptr;
    for (const Entry& entry : entries) {
      ASSERT_LE(entry.waits - entry.body->grants, 1);
      held += entry.body->held_bytes();
      if (entry.grows && entry.body->held_bytes() > 0 && oldest_growing == nullptr) oldest_growing = &entry;
    }
    ASSERT_EQ(budget.held_bytes(), held);
    ASSERT_TRUE(oldest_growing == nullptr || !waiting(*oldest_growing));
    if (held == 0) {
      for (const Entry& entry : entries) ASSERT_FALSE(waiting(entry));
    }
    ASSERT_LE(held, 2 * max_bytes + max_bytes);
  }
  for (Entry& entry : entries) budget.release(*entry.body);
  EXPECT_EQ(budget.held_bytes(), 0u);
}

/// A body of its own thread: granted() wakes it.
class ThreadBody final : public ByteBudget::Claim {
 public:
  void granted() override { wake_.release(); }
  void wait() { wake_.acquire(); }

 private:
  std::binary_semaphore wake_{0};
};

TEST(ByteBudgetThreads, NoWakeUpIsLostAndAllIsGivenBack) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  constexpr std::size_t max_bytes = 1000;
  ByteBudget budget(max_bytes);
  std::vector<std::jthread> threads;
  for (std::uint64_t thread = 0; thread < 6; ++thread) {
    threads.emplace_back([&budget, seed, thread] {
      Random random(seed + thread);
      ThreadBody body;
      for (int round = 0; round < 5'000; ++round) {
        if (random.below(2) == 0) {
          if (!budget.reserve(body, 1 + random.below(600))) {
            if (random.below(4) == 0) {
              if (!budget.release(body)) body.wait();  // granted meanwhile: take the news off
              continue;
            }
            body.wait();
          }
        } else {
          for (std::size_t total = 100; total <= 500; total += 100) {
            if (!budget.grow(body, total)) body.wait();
          }
          budget.end_growth(body, 450);
        }
        budget.release(body);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(budget.held_bytes(), 0u);
}

}  // namespace
}  // namespace logdist::queue
