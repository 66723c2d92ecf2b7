// What a seed draws for a life with the durable queue: the surroundings of any life, the log's options, what the disk
// does, and how the daemon ends.
#pragma once

#include <cstdint>
#include <string>

#include "logdist/queue/disk/durable_log.hpp"
#include "tests/sim/scenario.hpp"

namespace logdist::sim {

/// What the disk does for a while.
enum class DiskMode : std::uint8_t {
  well,
  slow,           ///< each sync takes up to a second
  refuses_write,  ///< now and then
  refuses_sync,
  refuses_remove,
  full,
  nearly_full,
  read_only,
};
inline constexpr std::size_t disk_mode_count = 8;
const char* to_string(DiskMode mode);

/// How a daemon ends.
enum class DiskEnd : std::uint8_t { killed, power_cut, stopped };

struct DiskScenario {
  /// Analyzers, agents, operator and limits. It heals always.
  Scenario daemon;
  queue::DurableLogOptions log;
  bool changes_modes = false;  ///< of the disk; else it is always well
  DiskMode first_mode = DiskMode::well;
  bool flips_bits = false;          ///< of what was synced, at a restart
  queue::CrashPoint first_point{};  ///< where it is to crash until it has
  std::size_t crashes_max = 0;
  Duration crash_within{};  ///< of a start, if nothing else has ended it
  double power_cuts = 0.5;  ///< part of the crashes
};

/// The same for the same seed.
DiskScenario draw_disk_scenario(std::uint64_t seed);

/// In a few lines.
std::string describe(const DiskScenario& scenario);

}  // namespace logdist::sim
