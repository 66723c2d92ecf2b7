// Tokens, their digests, and how a request carries them.
#include <gtest/gtest.h>

#include <set>

#include "logdist/auth/token.hpp"

namespace logdist::auth {
namespace {

TEST(Token, TheDigestIsSha256) {
  // FIPS 180-2, appendix B, and its empty message.
  EXPECT_EQ(to_text(digest_of("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_text(digest_of("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_text(digest_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Token, ADigestIsReadAsItIsWritten) {
  const TokenDigest digest = digest_of("abc");
  std::string text = to_text(digest);
  EXPECT_EQ(parse_digest(text), digest);
  EXPECT_EQ(parse_digest("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"), digest);
  EXPECT_FALSE(parse_digest(""));
  EXPECT_FALSE(parse_digest(text + "0"));
  EXPECT_FALSE(parse_digest(text.substr(1)));
  for (const char wrong : {'g', 'G', ' ', '-', '\0', '/', ':', '@', '`'}) {
    std::string broken = text;
    broken[40] = wrong;
    EXPECT_FALSE(parse_digest(broken)) << wrong;
  }
}

TEST(Token, AnyDifferenceIsSeen) {
  const TokenDigest digest = digest_of("abc");
  EXPECT_TRUE(is_same(digest, digest_of("abc")));
  for (std::size_t i = 0; i < digest.size(); ++i) {
    TokenDigest other = digest;
    other[i] ^= 1;
    EXPECT_FALSE(is_same(digest, other)) << i;
  }
}

TEST(Token, EachThatIsMadeIsAnotherOne) {
  std::set<std::string> made;
  for (int i = 0; i < 100; ++i) made.insert(make_token());
  EXPECT_EQ(made.size(), 100u);
  for (const std::string& token : made) {
    EXPECT_EQ(token.size(), 3u + 64u);
    EXPECT_TRUE(token.starts_with("ld_"));
    EXPECT_TRUE(parse_digest(token.substr(3))) << "not 256 bits in hexadecimal";
    EXPECT_EQ(bearer_token("Bearer " + token), token);
  }
}

TEST(Token, ComesBehindBearer) {
  EXPECT_EQ(bearer_token("Bearer abc"), "abc");
  EXPECT_EQ(bearer_token("bEARER   a.b-c_d~e+f/g="), "a.b-c_d~e+f/g=");
  for (const char* other :
       {"", " ", "Bearer", "Bearer ", "Bearer   ", "Bearerabc", "Bearer\tabc", "Basic abc", " Bearer abc", "Bearer a b",
        "Bearer a,b", "Bearer2 abc", "Beare abc", "abc", "Splunk abc"}) {
    EXPECT_FALSE(bearer_token(other)) << other;
  }
}

}  // namespace
}  // namespace logdist::auth
