// A whole life of the daemon with the durable queue, in simulated time: a storm with ends and starts of the process,
// drawn from a seed, then a time in which all is well, then a stop and one more start.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "logdist/queue/disk/files/crash_points.hpp"
#include "tests/sim/simulation.hpp"

namespace logdist::sim {

/// What came of it, and by CrashPoint how often it crashed there.
struct DiskVerdict : Verdict {
  std::array<std::uint64_t, queue::crash_point_names.size()> crashed_at{};
  std::uint64_t crashes = 0;  ///< there and elsewhere
  std::uint64_t starts = 0;
  std::uint64_t read_back = 0;  ///< packets that came from the disk
  std::uint64_t parked = 0;     ///< of them, those whose bodies had left memory for others
};

/// Lives the life of `seed`. The same seed lives the same life. Only the checker called `only` looks on, if one is
/// named.
DiskVerdict simulate_disk(std::uint64_t seed, const std::string& only = {});

}  // namespace logdist::sim
