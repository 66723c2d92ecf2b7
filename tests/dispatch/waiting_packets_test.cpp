#include "dispatch/waiting_packets.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace logdist::dispatch {
namespace {

TEST(WaitingPackets, KnowTheOldestByAnalyzer) {
  const auto at = [](int milliseconds) { return TimePoint{} + std::chrono::milliseconds(milliseconds); };
  WaitingPackets waiting;
  EXPECT_EQ(waiting.since(), never);
  EXPECT_EQ(waiting.since(7), never);
  waiting.add(at(5), 2);
  waiting.add(at(6), 2);
  waiting.add(at(8), 0);
  EXPECT_EQ(waiting.since(2), at(5));
  EXPECT_EQ(waiting.since(0), at(8));
  EXPECT_EQ(waiting.since(1), never);
  EXPECT_EQ(waiting.since_somewhere(), at(5));
  waiting.add(at(7));
  EXPECT_EQ(waiting.since(0), at(7));
  EXPECT_EQ(waiting.since(9), at(7));
  EXPECT_EQ(waiting.since_anywhere(), at(7));
  EXPECT_EQ(waiting.since(), at(5));
  waiting.enter(9);
  EXPECT_EQ(waiting.since(9), at(5));
  WaitingPackets others;
  others.add(at(1), 1);
  others.add(waiting);
  EXPECT_EQ(others.since(1), at(1));
  EXPECT_EQ(others.since(2), at(5));
  EXPECT_EQ(others.since(3), at(7));
  waiting.clear();
  waiting.add_for_nobody(at(3));
  EXPECT_EQ(waiting.since(), never) << "of those that are there";
  waiting.enter(4);
  EXPECT_EQ(waiting.since(4), at(3));
  EXPECT_EQ(waiting.since(2), never);
  waiting.clear();
  waiting.enter(5);
  EXPECT_EQ(waiting.since(5), never);
  EXPECT_EQ(waiting.since(), never);
}

TEST(WaitingPackets, OfOthersWaitInFull) {
  const auto at = [](int milliseconds) { return TimePoint{} + std::chrono::milliseconds(milliseconds); };
  WaitingPackets others;
  others.add(at(6), 3);
  others.add_for_nobody(at(2));
  others.cover(at(8));
  WaitingPackets waiting;
  waiting.add(others);
  EXPECT_EQ(waiting.since(3), at(6)) << "the last id";
  EXPECT_TRUE(waiting.covers(at(8)));
  EXPECT_FALSE(waiting.covers(at(7)));
  waiting.enter(4);
  EXPECT_EQ(waiting.since(4), at(2)) << "what nobody could get, a new one may";
}

TEST(WaitingPackets, KnowFromWhenOnAnotherChangesNothing) {
  WaitingPackets waiting;
  const TimePoint first = TimePoint{} + std::chrono::milliseconds(1);
  const TimePoint second = TimePoint{} + std::chrono::milliseconds(2);
  waiting.add(first, 0);
  EXPECT_FALSE(waiting.covers(second)) << "there may be others";
  waiting.cover(second);
  EXPECT_TRUE(waiting.covers(second));
  EXPECT_FALSE(waiting.covers(first));
  waiting.add(first);
  EXPECT_TRUE(waiting.covers(first)) << "any may get it";
  waiting.clear();
  EXPECT_FALSE(waiting.covers(second));
}

}  // namespace
}  // namespace logdist::dispatch
