#include "logdist/retry/budget.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "logdist/base/random.hpp"

namespace logdist::retry {
namespace {

TEST(RetryBudget, IsAPartOfTheFirstAttemptsAndAtLeastTen) {
  RetryBudget budget(0.2);
  EXPECT_EQ(budget.limit(), 10u);
  for (int i = 0; i < 50; ++i) budget.begin(false);
  EXPECT_EQ(budget.limit(), 10u);
  for (int i = 0; i < 50; ++i) budget.begin(false);
  EXPECT_EQ(budget.limit(), 20u);
  for (int i = 0; i < 4; ++i) budget.begin(false);
  EXPECT_EQ(budget.limit(), 20u) << "a part of a retry is none";
}

TEST(RetryBudget, HasRoomUntilItsLimitAndAgainAfterAnEnd) {
  RetryBudget budget(0);
  for (std::uint32_t i = 0; i < RetryBudget::retries_min; ++i) {
    EXPECT_TRUE(budget.has_room());
    budget.begin(true);
  }
  EXPECT_FALSE(budget.has_room());
  budget.end(true);
  EXPECT_TRUE(budget.has_room());
}

TEST(RetryBudget, OfOneLimitsNothing) {
  RetryBudget budget(1);
  for (int i = 0; i < 1'000; ++i) budget.begin(true);
  EXPECT_TRUE(budget.has_room());
  EXPECT_EQ(budget.limit(), RetryBudget::unlimited);
}

TEST(RetryBudget, HoldsWhateverBeginsAndEnds) {
  Random random(42);
  for (const double part : {0.0, 0.1, 0.2, 0.5, 0.99}) {
    RetryBudget budget(part);
    std::uint32_t first = 0;
    std::uint32_t retries = 0;
    for (int step = 0; step < 20'000; ++step) {
      const bool begins = random.uniform(0, 1) < (step / 2'000 % 2 == 0 ? 0.6 : 0.4);
      const bool is_retry = random.uniform(0, 1) < 0.5;
      std::uint32_t& count = is_retry ? retries : first;
      if (begins) {
        if (is_retry && !budget.has_room()) continue;
        budget.begin(is_retry);
        ++count;
        ASSERT_TRUE(!is_retry || retries <= std::max(10.0, part * first)) << part;
      } else if (count > 0) {
        budget.end(is_retry);
        --count;
      }
      ASSERT_EQ(budget.retries(), retries);
    }
  }
}

}  // namespace
}  // namespace logdist::retry
