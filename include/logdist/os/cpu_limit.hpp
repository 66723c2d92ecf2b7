// How many cores the process may use: what `threads: 0` means.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace logdist::os {

/// Cores' worth of processor time that a cgroup's quota allows; none: no quota,
/// or text that is not one. `cpu_max` is the file cpu.max of version 2.
std::optional<double> parse_cpu_max(std::string_view cpu_max);
/// The same from version 1's cpu.cfs_quota_us and cpu.cfs_period_us.
std::optional<double> parse_cfs_quota(std::string_view quota_us, std::string_view period_us);

/// The least quota of this process's cgroup and of those above it, as far as the
/// process can see them; none: no quota. All files are read under `root`, "/"
/// but for tests: what cannot be read limits nothing.
std::optional<double> read_cpu_quota(const std::filesystem::path& root = "/");

/// Cores for the pool of loops, and why so many.
struct CpuLimit {
  unsigned cores = 1;
  std::string reason;  ///< for the log: "of 8 cores: CPU quota 1.5"
};

/// `machine` cores, of which the affinity leaves `allowed`, and `quota`, rounded
/// up; at least one.
CpuLimit decide_cpu_limit(unsigned machine, unsigned allowed, std::optional<double> quota);

/// Of this process, now.
CpuLimit read_cpu_limit();

}  // namespace logdist::os
