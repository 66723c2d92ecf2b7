#include "logdist/base/instance_id.hpp"

#include <gmock/gmock.h>

namespace logdist {
namespace {

TEST(InstanceId, IsAPseudonymThatEndsWithItsSixteenDigits) {
  Random random(1);
  for (int round = 0; round < 1'000; ++round) {
    const InstanceId id(random);
    ASSERT_THAT(std::string(id.via_name()), ::testing::MatchesRegex("log-distributor-[0-9a-f]{16}"));
    ASSERT_EQ("log-distributor-" + std::string(id.text()), id.via_name());
  }
}

TEST(InstanceId, IsAnotherForEachProcess) {
  Random random(1);
  const InstanceId one(random);
  const InstanceId other(random);
  EXPECT_NE(one.text(), other.text());
  const InstanceId copy = one;
  EXPECT_EQ(copy.text(), one.text());
}

}  // namespace
}  // namespace logdist
