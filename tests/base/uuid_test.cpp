#include "logdist/base/uuid.hpp"

#include <gtest/gtest.h>

#include <set>

namespace logdist {
namespace {

TEST(Uuid, HasTheFormOfVersion7) {
  Random random(1);
  std::string text;
  make_uuid_v7(text, 0x0123456789ab, random);
  ASSERT_EQ(text.size(), uuid_length);
  EXPECT_EQ(text.substr(0, 13), "01234567-89ab");
  EXPECT_EQ(text[14], '7');
  EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos);
  for (const std::size_t dash : {8u, 13u, 18u, 23u}) EXPECT_EQ(text[dash], '-');
}

TEST(Uuid, SortsByTimeAndDoesNotRepeat) {
  Random random(1);
  std::set<std::string> seen;
  std::string before;
  for (std::uint64_t ms = 0; ms < 1000; ++ms) {
    std::string text;
    make_uuid_v7(text, ms, random);
    EXPECT_LT(before, text);
    EXPECT_TRUE(seen.insert(text).second);
    before = text;
  }
}

}  // namespace
}  // namespace logdist
