#include "logdist/os/heap_trim.hpp"

#include <gtest/gtest.h>

namespace logdist::os {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20;
constexpr HeapUse empty{.resident = 12 * mib, .lent = 2 * mib};
constexpr HeapUse full{.resident = 212 * mib, .lent = 202 * mib};
constexpr HeapUse drained{.resident = 212 * mib, .lent = 2 * mib};

TEST(HeapTrim, IsWorthItsWhileOnceTheQueueHasDrained) {
  TrimDecision decision;
  EXPECT_FALSE(decision.look(empty));
  EXPECT_FALSE(decision.look(full));
  EXPECT_FALSE(decision.look(drained));
  EXPECT_TRUE(decision.look(drained));
  decision.trimmed(empty);
  EXPECT_FALSE(decision.look(empty));
  EXPECT_FALSE(decision.look(empty));
}

TEST(HeapTrim, LeavesItsPagesToALoadThatComesAndGoes) {
  TrimDecision decision;
  for (int turn = 0; turn < 10; ++turn) {
    EXPECT_FALSE(decision.look(full));
    EXPECT_FALSE(decision.look(drained));
  }
}

TEST(HeapTrim, IsNotTriedAgainForWhatItCouldNotFree) {
  TrimDecision decision;
  decision.look(drained);
  EXPECT_TRUE(decision.look(drained));
  decision.trimmed(drained);
  EXPECT_FALSE(decision.look(drained));
  EXPECT_FALSE(decision.look(drained));
  // What comes on top of that is something new.
  constexpr HeapUse more{.resident = 312 * mib, .lent = 2 * mib};
  EXPECT_FALSE(decision.look(more));
  EXPECT_TRUE(decision.look(more));
}

TEST(HeapTrim, BeginsAnewWhenWhatWasLeftIsGone) {
  TrimDecision decision;
  decision.look(drained);
  decision.look(drained);
  decision.trimmed(drained);
  EXPECT_FALSE(decision.look(empty));
  EXPECT_FALSE(decision.look(drained));
  EXPECT_TRUE(decision.look(drained));
}

TEST(HeapTrim, KnowsWhatThisProcessHas) {
  const HeapUse use = read_heap_use();
  EXPECT_GT(use.resident, 1 * mib);
  EXPECT_LT(use.lent, use.resident + 1024 * mib);
}

}  // namespace
}  // namespace logdist::os
