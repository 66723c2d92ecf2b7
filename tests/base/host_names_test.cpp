#include "logdist/base/host_names.hpp"

#include <gmock/gmock.h>

namespace logdist {
namespace {

TEST(HostNames, AreSplitAtTheirCommas) {
  using testing::ElementsAre;
  EXPECT_THAT(split_host_names(""), ElementsAre());
  EXPECT_THAT(split_host_names("a"), ElementsAre("a"));
  EXPECT_THAT(split_host_names(" a , b.example,c"), ElementsAre("a", "b.example", "c"));
  EXPECT_THAT(split_host_names("a,,b,"), ElementsAre("a", "", "b", ""));
}

}  // namespace
}  // namespace logdist
