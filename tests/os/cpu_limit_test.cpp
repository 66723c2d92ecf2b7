// What `threads: 0` means under quotas and affinities.
#include "logdist/os/cpu_limit.hpp"

#include <gmock/gmock.h>

#include <map>

#include "tests/support/temporary_folder.hpp"

namespace logdist::os {
namespace {

using testing::HasSubstr;

/// A machine's files, as far as they matter.
class Machine {
 public:
  explicit Machine(const std::map<std::string, std::string>& files) {
    for (const auto& [name, text] : files) folder_.write(name, text);
  }

  const std::string& root() const { return folder_.path(); }

 private:
  const test::TemporaryFolder folder_;
};

const std::string v2_mount =
    "21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
    "30 24 0:26 / /sys/fs/cgroup ro,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

TEST(CpuLimit, ReadsVersion2) {
  EXPECT_EQ(parse_cpu_max("150000 100000\n"), 1.5);
  EXPECT_EQ(parse_cpu_max("max 100000\n"), std::nullopt);
  for (const char* text : {"", "max", "100000", "0 100000", "-1 100000", "1 0", "x y", "1e5 100000", "5 5x"}) {
    EXPECT_EQ(parse_cpu_max(text), std::nullopt) << text;
  }
}

TEST(CpuLimit, ReadsVersion1) {
  EXPECT_EQ(parse_cfs_quota("50000\n", "100000\n"), 0.5);
  EXPECT_EQ(parse_cfs_quota("-1\n", "100000\n"), std::nullopt);
  EXPECT_EQ(parse_cfs_quota("", ""), std::nullopt);
}

TEST(CpuLimit, TheLeastQuotaOfOwnCgroupAndThoseAboveCounts) {
  const Machine machine({{"proc/self/mountinfo", v2_mount},
                         {"proc/self/cgroup", "0::/work.slice/house.service\n"},
                         {"sys/fs/cgroup/cgroup.procs", ""},
                         {"sys/fs/cgroup/work.slice/cpu.max", "200000 100000\n"},
                         {"sys/fs/cgroup/work.slice/house.service/cpu.max", "400000 100000\n"},
                         {"sys/fs/cgroup/other.slice/cpu.max", "100000 100000\n"}});
  EXPECT_EQ(read_cpu_quota(machine.root()), 2.0);
}

TEST(CpuLimit, AContainerWithANamespaceSeesItselfAtTheTop) {
  const Machine machine({{"proc/self/mountinfo", v2_mount},
                         {"proc/self/cgroup", "0::/\n"},
                         {"sys/fs/cgroup/cpu.max", "150000 100000\n"}});
  EXPECT_EQ(read_cpu_quota(machine.root()), 1.5);
}

TEST(CpuLimit, AContainerOfVersion1MayNotKnowItsPlace) {
  const std::string mount =
      "41 40 0:30 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"
      "42 40 0:31 /docker/abc /sys/fs/cgroup/cpuset ro - cgroup cgroup rw,cpuset\n";
  for (const char* own : {"/docker/abc", "/elsewhere"}) {
    const Machine machine({{"proc/self/mountinfo", mount},
                           {"proc/self/cgroup", std::string("5:cpuset:/x\n4:cpu,cpuacct:") + own + "\n"},
                           {"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "250000\n"},
                           {"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"}});
    EXPECT_EQ(read_cpu_quota(machine.root()), 2.5) << own;
  }
}

TEST(CpuLimit, WhatCannotBeReadLimitsNothing) {
  EXPECT_EQ(read_cpu_quota(Machine({}).root()), std::nullopt);
  const Machine odd({{"proc/self/mountinfo", "- - -\n\n:::\n" + v2_mount}, {"proc/self/cgroup", "0\n::\n0::/x\n"}});
  EXPECT_EQ(read_cpu_quota(odd.root()), std::nullopt);
}

TEST(CpuLimit, RoundsUpAndSaysWhy) {
  EXPECT_EQ(decide_cpu_limit(8, 8, std::nullopt).cores, 8u);
  EXPECT_EQ(decide_cpu_limit(8, 8, 1.5).cores, 2u);
  EXPECT_THAT(decide_cpu_limit(8, 8, 1.5).reason, HasSubstr("quota allows 1.5"));
  EXPECT_EQ(decide_cpu_limit(8, 8, 0.1).cores, 1u);
  EXPECT_EQ(decide_cpu_limit(8, 3, 5.0).cores, 3u);
  EXPECT_THAT(decide_cpu_limit(8, 3, 5.0).reason, HasSubstr("affinity"));
  EXPECT_EQ(decide_cpu_limit(8, 8, 1e12).cores, 8u);
  EXPECT_EQ(decide_cpu_limit(0, 0, std::nullopt).cores, 1u);
}

}  // namespace
}  // namespace logdist::os
