// The checkers of the durable queue bite: each planted defect is found, by the checker that is there for it and without
// help of the others, within a few seeds.
#include "tests/sim/disk_planted.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "tests/sim/disk_simulation.hpp"

namespace logdist::sim {
namespace {

constexpr std::uint64_t seeds_max = 60;

struct DiskCase {
  const char* name;
  DiskDefect defect;
  std::string checker;  ///< that is to find it

  friend std::ostream& operator<<(std::ostream& stream, const DiskCase& one) { return stream << one.name; }
};

class PlantedOnDisk : public testing::TestWithParam<DiskCase> {
 protected:
  void TearDown() override { plant(DiskDefect::none); }
};

TEST_P(PlantedOnDisk, IsFoundByItsChecker) {
  for (std::uint64_t seed = 1; seed <= seeds_max; ++seed) {
    plant(GetParam().defect);
    const DiskVerdict verdict = simulate_disk(seed, GetParam().checker);
    const auto found = std::ranges::find(verdict.findings, GetParam().checker, &Finding::checker);
    if (found == verdict.findings.end()) continue;  // or another has found it first
    RecordProperty("seed", std::to_string(seed));
    RecordProperty("found", found->text);
    return;
  }
  ADD_FAILURE() << "its checker noticed nothing in " << seeds_max << " seeds";
}

INSTANTIATE_TEST_SUITE_P(
    Defects, PlantedOnDisk,
    testing::Values(DiskCase{"SettledBeforeDelivery", DiskDefect::settled_before_delivery, "durability"},
                    DiskCase{"SettledBeforeDeliveryAndNotRecovered", DiskDefect::settled_before_delivery, "restarts"},
                    DiskCase{"ReportedBeforeSync", DiskDefect::reported_before_sync, "durability"},
                    DiskCase{"DroppedFromIndex", DiskDefect::dropped_from_index, "durability"},
                    DiskCase{"SettlementForgotten", DiskDefect::settlement_forgotten, "durability"},
                    DiskCase{"ChargeForgotten", DiskDefect::charge_forgotten, "restarts"}),
    [](const auto& test) { return test.param.name; });

TEST(NothingPlantedOnDisk, NothingIsFound) {
  plant(DiskDefect::none);
  const DiskVerdict verdict = simulate_disk(1);
  EXPECT_TRUE(verdict.passed()) << verdict.report;
}

}  // namespace
}  // namespace logdist::sim
