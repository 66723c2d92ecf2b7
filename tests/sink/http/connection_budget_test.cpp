// What loops share about an analyzer.
#include "logdist/sink/http/connection_budget.hpp"

#include <gtest/gtest.h>

namespace logdist::sink {
namespace {

TEST(ConnectionBudget, ReservesOneForEachLoopAndSharesTheRest) {
  ConnectionBudget limits(5, 2);
  EXPECT_EQ(limits.max_open(), 5u);
  const int first = 0;
  const int second = 0;
  for (int spare = 0; spare < 3; ++spare) EXPECT_TRUE(limits.try_take(&first));
  EXPECT_FALSE(limits.is_wanted_from(&first));
  EXPECT_FALSE(limits.try_take(&second));
  EXPECT_TRUE(limits.is_wanted_from(&first));
  EXPECT_FALSE(limits.is_wanted_from(&second)) << "not from who was refused";
  limits.give_back();
  limits.room_made();
  EXPECT_FALSE(limits.is_wanted_from(&first));
  EXPECT_TRUE(limits.try_take(&second));
}

TEST(ConnectionBudget, HasNoSpareOnesWhenLoopsAreMany) {
  ConnectionBudget limits(4, 16);
  EXPECT_EQ(limits.max_open(), 16u);
  EXPECT_FALSE(limits.try_take(&limits));
}

TEST(ConnectionBudget, TakesWhatTheLoopThatFaresBestHasLearned) {
  ConnectionBudget limits(5, 3);
  const int first = 0;
  const int second = 0;
  const int idle = 0;
  EXPECT_EQ(limits.capacity(), 0u);
  for (const int* pool : {&first, &second, &idle}) limits.join(pool, 16);
  EXPECT_EQ(limits.capacity(), 80u);

  EXPECT_TRUE(limits.learn(&first, 1));
  EXPECT_EQ(limits.capacity(), 5u) << "the others only assume";
  EXPECT_TRUE(limits.learn(&second, 16));
  EXPECT_EQ(limits.capacity(), 80u);
  EXPECT_FALSE(limits.learn(&first, 2));
  EXPECT_TRUE(limits.learn(&second, 1));
  EXPECT_EQ(limits.capacity(), 10u);
  limits.leave(&first);
  EXPECT_EQ(limits.capacity(), 5u);
  limits.leave(&second);
  EXPECT_EQ(limits.capacity(), 80u) << "who is left has learned nothing";
}

}  // namespace
}  // namespace logdist::sink
