// Lives with the durable queue from fixed seeds.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>

#include "tests/sim/disk_simulation.hpp"

namespace logdist::sim {
namespace {

constexpr std::uint64_t seeds = 630;

/// docs/durable-queue.md lists the points.
TEST(DiskSimulation, KeepsEveryPromiseAndCrashesAtEachNamedPoint) {
  std::array<std::uint64_t, queue::crash_point_names.size()> crashed_at{};
  std::uint64_t read_back = 0;
  std::uint64_t parked = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const DiskVerdict verdict = simulate_disk(seed);
    ASSERT_TRUE(verdict.passed()) << verdict.report;
    for (std::size_t point = 0; point < crashed_at.size(); ++point) crashed_at[point] += verdict.crashed_at[point];
    read_back += verdict.read_back;
    parked += verdict.parked;
  }
  for (std::size_t point = 0; point < crashed_at.size(); ++point) {
    EXPECT_GT(crashed_at[point], 0u) << "no crash at " << queue::crash_point_names[point];
  }
  EXPECT_GT(read_back, seeds);
  EXPECT_GT(parked, seeds / 10);
}

/// Seeds that went wrong once, each by what it brings about.
TEST(DiskSimulation, SeveralAnalyzersAreDrainedAtAStart) {
  const DiskVerdict verdict = simulate_disk(1212);
  EXPECT_TRUE(verdict.passed()) << verdict.report;
}

TEST(DiskSimulation, AFileThatAnEarlierProcessRemovedComesBackWithThePower) {
  const DiskVerdict verdict = simulate_disk(8667);
  EXPECT_TRUE(verdict.passed()) << verdict.report;
}

TEST(DiskSimulation, LivesTheSameLifeAgain) {
  const DiskVerdict once = simulate_disk(7);
  const DiskVerdict again = simulate_disk(7);
  EXPECT_EQ(once.events, again.events);
  EXPECT_EQ(once.packets, again.packets);
  EXPECT_EQ(once.lived, again.lived);
  EXPECT_EQ(once.read_back, again.read_back);
}

}  // namespace
}  // namespace logdist::sim
