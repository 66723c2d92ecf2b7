#include "logdist/base/append.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace logdist {
namespace {

TEST(Append, PutsPiecesOfEachKindBehindWhatIsThere) {
  std::string text = "begin";
  const std::string_view nothing;
  append_all(text, ": ", std::string("string"), nothing, std::string_view(", view, "), DecimalText(202u), "\r\n");
  EXPECT_EQ(text, "begin: string, view, 202\r\n");
  append_all(text, "");
  EXPECT_EQ(text, "begin: string, view, 202\r\n");
}

TEST(Append, WritesNumbersInDecimal) {
  EXPECT_EQ(std::string_view(DecimalText(0u)), "0");
  EXPECT_EQ(std::string_view(DecimalText(std::numeric_limits<std::uint64_t>::max())), "18446744073709551615");
  EXPECT_EQ(DecimalText(std::size_t{1000}).size(), 4u);
}

}  // namespace
}  // namespace logdist
