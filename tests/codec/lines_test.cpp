// Text: lines that are not empty; and what may be JSON or text.
#include <gtest/gtest.h>

#include <string>

#include "tests/codec/pieces.hpp"
#include "tests/support/seed.hpp"

namespace logdist::codec {
namespace {

using namespace std::string_literals;
using namespace logdist::test;

TEST(Lines, ThatAreNotEmptyAreMessages) {
  const std::pair<std::string, std::uint32_t> texts[] = {
      {"one", 1},
      {"one\n", 1},
      {"one\ntwo", 2},
      {"one\r\ntwo\r\n", 2},
      {"\n\none\n\n\n", 1},
      {"one\rtwo\r\r", 2},
      {" ", 1},
      {" \n\t\n", 2},
      {"\r\r\n\na", 1},
      {"\0\n\xff\xfe"s, 2},
      {"\xef\xbb\xbfone\ntwo", 2},
      {"{\"a\":1}\n[", 2},
  };
  WholeAndPieces bodies;
  for (const auto& [text, lines] : texts) {
    const Outcome outcome = bodies.decode(Format::lines, text);
    EXPECT_TRUE(outcome.accepted) << text;
    EXPECT_EQ(outcome.messages, lines) << text;
  }
}

TEST(Lines, AreNotThere) {
  WholeAndPieces bodies;
  for (const std::string& text : {""s, "\n"s, "\r\n\r\n"s, "\r"s}) {
    const Outcome outcome = bodies.decode(Format::lines, text);
    EXPECT_EQ(outcome.error.code, DecodeErrorCode::no_data);
    EXPECT_EQ(outcome.error.offset, text.size());
  }
}

TEST(Lines, AreCountedByteByByte) {
  Random random(draw_seed());
  WholeAndPieces bodies(random.next());
  for (int i = 0; i < 2'000; ++i) {
    std::string text;
    for (std::uint64_t bytes = random.below(60); bytes > 0; --bytes) text += "ab\r\n"[random.below(4)];
    std::uint32_t lines = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
      const auto ends = [](char byte) { return byte == '\r' || byte == '\n'; };
      if (!ends(text[at]) && (at == 0 || ends(text[at - 1]))) ++lines;
    }
    ASSERT_EQ(bodies.decode(Format::lines, text).messages, lines);
  }
}

TEST(EventsAny, AreWhatTheirFirstByteTells) {
  WholeAndPieces bodies;
  EXPECT_EQ(bodies.decode(Format::events_any, "{\"logs\":[{},{}]}").messages, 2u);
  EXPECT_EQ(bodies.decode(Format::events_any, "[{},{},{}]").messages, 3u);
  EXPECT_EQ(bodies.decode(Format::events_any, "<13>one\n<13>two").messages, 2u);
  EXPECT_EQ(bodies.decode(Format::events_any, "\n{\"a\":1}\n").messages, 1u);
  EXPECT_FALSE(bodies.decode(Format::events_any, "[info] started").accepted);
  EXPECT_EQ(bodies.decode(Format::events_any, "").error.code, DecodeErrorCode::no_data);
  EXPECT_FALSE(bodies.decode(Format::events_any, "\xef\xbb\xbf{}").accepted);
}

}  // namespace
}  // namespace logdist::codec
