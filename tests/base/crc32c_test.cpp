#include "logdist/base/crc32c.hpp"

#include <string>

#include <gtest/gtest.h>

namespace logdist {
namespace {

TEST(Crc32c, KnowsTheChecksOfTheStandard) {
  EXPECT_EQ(crc32c(0, "123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(0, std::string(32, '\0')), 0x8A9136AAu);  // RFC 3720, B.4
  EXPECT_EQ(crc32c(0, std::string(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(crc32c(0, ""), 0u);
}

TEST(Crc32c, IsTheSameByTableAndInPieces) {
  std::string text;
  for (int index = 0; index < 300; ++index) {
    EXPECT_EQ(crc32c(9, text), crc32c_by_table(9, text)) << text.size();
    const std::size_t half = text.size() / 3;
    EXPECT_EQ(crc32c(crc32c(0, text.substr(0, half)), text.substr(half)), crc32c(0, text));
    text.push_back(static_cast<char>(index * 7));
  }
}

}  // namespace
}  // namespace logdist
