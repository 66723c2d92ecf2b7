// Fixed seeds, in lots that run side by side.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/sim/simulation.hpp"

namespace logdist::sim {
namespace {

constexpr std::uint64_t counted = 110;  ///< the first seeds, whose cases are counted: the rarest are met in few of them
constexpr std::uint64_t seeds = 200;
constexpr std::uint64_t lot = 10;

class Simulation : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Simulation, KeepsEveryPromise) {
  const std::uint64_t first = GetParam();
  for (std::uint64_t seed = first; seed < first + lot; ++seed) {
    const Verdict verdict = simulate(seed);
    ASSERT_TRUE(verdict.passed()) << verdict.report;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Simulation, testing::Range<std::uint64_t>(1 + counted, 1 + seeds, lot));

/// What is rare is met, and often enough, by those who are there for it.
TEST(Simulation, KeepsEveryPromiseAndBringsEachCheckerItsCases) {
  std::map<std::string, std::uint64_t> checks;
  for (std::uint64_t seed = 1; seed <= counted; ++seed) {
    const Verdict verdict = simulate(seed);
    ASSERT_TRUE(verdict.passed()) << verdict.report;
    for (const auto& [checker, count] : verdict.checks) checks[checker] += count;
  }
  for (const char* checker :
       {"blame", "bounds", "buffers", "catch_ups", "debt", "formats", "health", "rounds", "service"}) {
    EXPECT_GE(checks[checker], 10) << checker;
  }
}

/// Seeds that went wrong once, each by what it brings about.
TEST(Simulation, AgentsWaitForRoomOneAfterTheOtherWhenTheDrainBegins) {
  const Verdict verdict = simulate(4339);
  EXPECT_TRUE(verdict.passed()) << verdict.report;
}

/// Suspects of one loop took more than their share, while a packet waited on another whose format not all analyzers
/// take.
TEST(Simulation, SuspectsHoldTheirShareWhileAnotherFormatsPacketsWait) {
  for (const std::uint64_t seed : {73u, 143u, 252u, 425u}) {
    const Verdict verdict = simulate(seed);
    EXPECT_TRUE(verdict.passed()) << verdict.report;
  }
}

TEST(Simulation, LivesTheSameLifeAgain) {
  const Verdict once = simulate(7);
  const Verdict again = simulate(7);
  EXPECT_EQ(once.events, again.events);
  EXPECT_EQ(once.packets, again.packets);
  EXPECT_EQ(once.lived, again.lived);
}

}  // namespace
}  // namespace logdist::sim
