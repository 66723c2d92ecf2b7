#include "logdist/base/counted.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace logdist {
namespace {

TEST(Counted, OneIsSingular) {
  EXPECT_EQ(counted(0u, "packet"), "0 packets");
  EXPECT_EQ(counted(1u, "packet"), "1 packet");
  EXPECT_EQ(counted(UINT64_MAX, "packet"), "18446744073709551615 packets");
  EXPECT_EQ(counted(-1, "packet"), "-1 packets");
  EXPECT_EQ(counted(1, "entry", "entries"), "1 entry");
  EXPECT_EQ(counted(2, "entry", "entries"), "2 entries");
}

}  // namespace
}  // namespace logdist
