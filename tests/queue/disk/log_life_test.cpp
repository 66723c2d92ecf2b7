// Whole lives of a log, one a seed.
#include "tests/queue/disk/log_life.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>

namespace logdist::test {
namespace {

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

/// LOGDIST_SEEDS: how many; LOGDIST_FIRST_SEED: the first of them.
TEST(LogLives, KeepTheirPromises) {
  const std::uint64_t first = number_from("LOGDIST_FIRST_SEED", 1);
  const std::uint64_t count = number_from("LOGDIST_SEEDS", 1000);
  std::uint64_t recoveries = 0;
  std::uint64_t recovered = 0;
  std::uint64_t failed_syncs = 0;
  std::uint64_t full = 0;
  std::array<SimulatedDisk::PointCount, queue::crash_point_names.size()> points{};
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    LogLife life(seed);
    for (const std::string& sentence : life.run()) ADD_FAILURE() << sentence;
    if (HasFailure()) return;
    recoveries += life.recoveries();
    recovered += life.recovered_packets();
    failed_syncs += life.disk().failed_syncs();
    full += life.notices(queue::LogNotice::Kind::disk_full);
    for (std::size_t point = 0; point < points.size(); ++point) {
      points[point].reached += life.disk().points()[point].reached;
      points[point].crashed += life.disk().points()[point].crashed;
    }
  }
  std::cout << count << " lives, " << recoveries << " recoveries of " << recovered << " packets, " << failed_syncs
            << " failed syncs, " << full << " times full\n";
  if (count < 1000) return;
  for (std::size_t point = 0; point < points.size(); ++point) {
    EXPECT_GT(points[point].crashed, 0u) << "no crash at " << queue::crash_point_names[point] << ", reached "
                                         << points[point].reached << " times";
  }
  EXPECT_GT(failed_syncs, count / 10);
  EXPECT_GT(full, count / 10);
}

}  // namespace
}  // namespace logdist::test
