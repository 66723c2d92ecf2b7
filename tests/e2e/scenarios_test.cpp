// The loads that the distributor was built for, but for the long one.
#include <gtest/gtest.h>

#include "tests/e2e/scenario.hpp"

namespace logdist::e2e {
namespace {

class Scenarios : public testing::TestWithParam<Scenario> {};

TEST_P(Scenarios, EverythingIsDeliveredAndShared) { run(GetParam()); }

LoadPlan plan(std::size_t agents, std::size_t packets_each, std::uint32_t messages_min, std::uint32_t messages_max) {
  LoadPlan plan;
  plan.agents = agents;
  plan.packets_each = packets_each;
  plan.messages_min = messages_min;
  plan.messages_max = messages_max;
  return plan;
}

INSTANTIATE_TEST_SUITE_P(Loads, Scenarios,
                         testing::Values(Scenario{"HundredPackets", plan(1, 100, 1, 100), 1},
                                         Scenario{"BurstOf500", plan(500, 1, 1, 20), 1},
                                         Scenario{"BurstOf500On2Threads", plan(500, 1, 1, 20), 2},
                                         Scenario{"TwentyPacketsOf1000Messages", plan(2, 10, 1000, 1000), 2},
                                         Scenario{"TenAgentsOf20Packets", plan(10, 20, 1, 50), 1},
                                         Scenario{"TenAgentsOf20PacketsOn2Threads", plan(10, 20, 1, 50), 2}),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace logdist::e2e
