// Numbers that would take long to convert are found, so that no parser converts them.
#include "codec/long_number.hpp"

#include <gtest/gtest.h>

#include <string>

#include "logdist/base/random.hpp"
#include "tests/support/seed.hpp"

namespace logdist::codec {
namespace {

std::string with_value(const std::string& value) { return R"({"messages":[{"v":)" + value + "}]}"; }

TEST(LongNumber, IsFoundWhereverItsDigitsAre) {
  for (const char* number : {"12345678901234567890", "-12345678901234567890", "12345678901234567890e280",
                             "1.2345678901234567890e-300", "1234567890.1234567890", "0.12345678901234567890",
                             "0.00000000000012345678901234567890", "1.0000000000000000000", "100000000000000000000"}) {
    for (std::size_t shift = 0; shift < 8; ++shift) {
      const std::string before(shift, ' ');
      EXPECT_TRUE(may_have_long_number(before + with_value(number))) << number << " behind " << shift;
      EXPECT_TRUE(may_have_long_number(before + number)) << number << " alone";
      EXPECT_TRUE(may_have_long_number(before + "[1," + number + "]")) << number << " in an array";
    }
  }
}

TEST(LongNumber, IsNoNumberThatSimdjsonConvertsQuickly) {
  for (const char* number :
       {"1", "1234567890123456789", "-1234567890123456789e300", "0.1234567890123456789", "1234567890.123456789",
        "0.00000000000000000000000001", "0.0000000000001234567890123456789", "1e-300", "0.012345678901234567",
        "4503599627370496.5"}) {
    EXPECT_FALSE(may_have_long_number(with_value(number))) << number;
  }
}

TEST(LongNumber, IsNoStringOfDigits) {
  EXPECT_FALSE(may_have_long_number(with_value(R"("12345678901234567890")")));
  EXPECT_FALSE(may_have_long_number(with_value(R"("id-12345678901234567890")")));
  EXPECT_FALSE(may_have_long_number(with_value(R"("2024.06.11 10.20.30.40/16")")));
  EXPECT_FALSE(may_have_long_number(""));
}

/// Against the plain statement: a number of JSON, cut out by the characters it may have.
bool has_long_number(std::string_view text) {
  const auto is_one_of = [](char byte, std::string_view set) { return set.find(byte) != set.npos; };
  const auto begins_value = [&](std::size_t at) { return at == 0 || is_one_of(text[at - 1], "[,: \t\r\n"); };
  for (std::size_t begin = 0; begin < text.size();) {
    const bool first = begins_value(begin) || (text[begin - 1] == '-' && begins_value(begin - 1));
    std::size_t end = begin;
    std::size_t digits = 0;
    while (end < text.size() && is_one_of(text[end], "0123456789.")) {
      if (text[end] != '.' && (digits != 0 || text[end] != '0')) ++digits;
      ++end;
    }
    if (first && digits > fast_digits_max) return true;
    begin = end + 1;
  }
  return false;
}

TEST(LongNumber, NoneIsMissedInRandomText) {
  Random random(logdist::test::draw_seed());
  constexpr std::string_view alphabet = "0123456789012345678901234567890123456789....-,: \"e";
  int found = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text;
    for (std::uint64_t size = random.below(80); size > 0; --size) text += alphabet[random.below(alphabet.size())];
    if (!has_long_number(text)) continue;
    ++found;
    ASSERT_TRUE(may_have_long_number(text)) << text;
  }
  EXPECT_GT(found, 1'000);
}

}  // namespace
}  // namespace logdist::codec
