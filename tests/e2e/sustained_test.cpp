// Half a minute of steady load.
#include <gtest/gtest.h>

#include "tests/e2e/scenario.hpp"

namespace logdist::e2e {
namespace {

TEST(Sustained, ThirtySecondsOf300PacketsASecond) {
  LoadPlan plan;
  plan.agents = 10;
  plan.packets_each = 900;
  plan.messages_max = 50;
  plan.packets_per_second = 300;
  run({"Sustained", plan, 2});
}

}  // namespace
}  // namespace logdist::e2e
