// Whose word a pause is: that of an analyzer, or only of what it says to one packet.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {
namespace {

/// Packets whose name begins with "bad" are answered 503, Retry-After: 60, wherever they come.
class Pauses : public testing::Test {
 protected:
  void end_all_that_came() {
    auto& under_way = world_.loops[0]->upstream.under_way;
    while (!under_way.empty()) {
      core::Attempt& attempt = *under_way.front();
      under_way.pop_front();
      core::AttemptResult result;
      const bool bad = throttled_ || attempt.packet->id.starts_with("bad");
      result.outcome = bad ? Outcome::paused : Outcome::delivered;
      if (bad) result.pause = 60s;
      if (bad) ++refused_;
      world_.loops[0]->dispatcher->attempt_ended(attempt, result, world_.now);
      world_.run();
    }
  }

  void pass(Duration time) {
    for (const TimePoint end = world_.now + time; world_.now < end;) {
      world_.advance(100ms);
      end_all_that_came();
    }
  }

  std::ptrdiff_t paused() const { return std::ranges::count_if(world_.views(), &AnalyzerView::paused); }
  std::uint64_t good_delivered() const { return static_cast<std::uint64_t>(world_.terms().delivered.packets); }

  World world_{{.weights = {1, 1, 1}}};
  bool throttled_ = false;  ///< all packets are answered so
  int refused_ = 0;
};

TEST_F(Pauses, OfOnePacketEverywhereStopOthersForAnIntervalNotForAMinute) {
  world_.admit("bad");
  world_.run();
  end_all_that_came();
  EXPECT_EQ(paused(), 3);
  world_.admit("good");
  pass(4800ms);
  EXPECT_EQ(good_delivered(), 0u) << "they have asked for it";
  pass(400ms);
  EXPECT_EQ(good_delivered(), 1u);
}

TEST_F(Pauses, OfAPacketThatComesAgainAreOverForTheOthers) {
  world_.admit("bad");
  for (int second = 0; second < 300; ++second) {
    world_.admit("good");
    pass(1s);
  }
  EXPECT_GE(good_delivered(), 299u);
  EXPECT_GE(refused_, 30) << "it is tried all the time";
  for (int i = 0; i < 100; ++i) {
    world_.admit("good");
    pass(100ms);
    EXPECT_GE(good_delivered(), 300u + static_cast<std::uint64_t>(i)) << "nobody is paused";
  }
}

TEST_F(Pauses, OfAllPacketsAreHeard) {
  throttled_ = true;
  for (int i = 0; i < 90; ++i) world_.admit(std::to_string(i));
  pass(1s);
  const int at_once = refused_;
  EXPECT_LE(at_once, 3 * 90) << "what was under way when the first answer came";
  pass(58s);
  EXPECT_EQ(refused_, at_once);
  throttled_ = false;
  pass(3s);
  EXPECT_EQ(good_delivered(), 90u);
}

/// As of a rate limit that all analyzers have: the same packets meet it again and again.
TEST_F(Pauses, OfSeveralPacketsInARowAreHeard) {
  for (int i = 0; i < 9; ++i) world_.admit("bad" + std::to_string(i));
  for (int step = 0; step < 1200; ++step) {
    world_.admit("good");
    pass(100ms);
  }
  EXPECT_GE(good_delivered(), 900u);
  while (world_.now < TimePoint{} + 2h && paused() > 0) {
    world_.admit("good");
    pass(100ms);
  }
  world_.advance(15s);  // all nine are under way now, so three at one analyzer at least
  ASSERT_EQ(world_.loops[0]->upstream.under_way.size(), 9u);
  end_all_that_came();
  EXPECT_GE(paused(), 1);
}

}  // namespace
}  // namespace logdist::dispatch
