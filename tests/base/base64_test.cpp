#include "logdist/base/base64.hpp"

#include <gtest/gtest.h>

#include "logdist/base/random.hpp"
#include "tests/support/seed.hpp"

namespace logdist {
namespace {

TEST(Base64, OfTheStandard) {
  // RFC 4648, 10.
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
  EXPECT_EQ(to_base64("\xfb\xff\xfe"), "+//+");
}

TEST(Base64, GivesBackAnyBytes) {
  Random random(test::draw_seed());
  for (int i = 0; i < 1000; ++i) {
    std::string bytes;
    for (std::uint64_t count = random.below(40); count > 0; --count) bytes += static_cast<char>(random.below(256));
    ASSERT_EQ(from_base64(to_base64(bytes)), bytes);
  }
}

TEST(Base64, IsNothingElse) {
  for (const char* const text :
       {"Z", "Zg", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm9v\n", "Zm-v", "Z=9v", "=Zm9"}) {
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace logdist
