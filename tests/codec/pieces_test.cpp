// A body that comes in pieces: what it is, and what is wrong with it, wherever it is cut.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "logdist/codec/decode.hpp"

namespace logdist::codec {
namespace {

DecodeError error_of(Format format, const std::vector<std::string>& pieces) {
  const Decoder decoder;
  const auto reader = decoder.in_pieces(format);
  for (const std::string& piece : pieces) {
    if (!reader->feed(piece)) break;
  }
  const DecodeResult result = reader->finish();
  return result ? DecodeError{DecodeErrorCode::invalid_body, "there is none", 0} : result.error();
}

TEST(Pieces, OfAPacketThatIsCutEverywhere) {
  const std::string body = R"({"packet_id":"p\u002d1","messages":[{"a":[1.25e3,null]},"x\n"],"more":true} )";
  const Decoder decoder;
  for (std::size_t first = 0; first <= body.size(); ++first) {
    for (std::size_t second = first; second <= body.size(); ++second) {
      const auto reader = decoder.in_pieces(Format::json);
      EXPECT_TRUE(reader->feed(body.substr(0, first)));
      EXPECT_TRUE(reader->feed(body.substr(first, second - first)));
      EXPECT_TRUE(reader->feed(body.substr(second)));
      const DecodeResult result = reader->finish();
      ASSERT_TRUE(result.has_value()) << first << ", " << second << ": " << result.error().detail;
      EXPECT_EQ(result->messages, 2u);
      EXPECT_EQ(result->packet_id, "p-1");
    }
  }
}

TEST(Pieces, OfLinesThatAreCutEverywhere) {
  const std::string body = "\n {\"a\":1} \r\n\r\n-12\n\"x\"";
  const Decoder decoder;
  for (std::size_t first = 0; first <= body.size(); ++first) {
    for (std::size_t second = first; second <= body.size(); ++second) {
      const auto reader = decoder.in_pieces(Format::ndjson);
      EXPECT_TRUE(reader->feed(body.substr(0, first)));
      EXPECT_TRUE(reader->feed(body.substr(first, second - first)));
      EXPECT_TRUE(reader->feed(body.substr(second)));
      const DecodeResult result = reader->finish();
      ASSERT_TRUE(result.has_value()) << first << ", " << second << ": " << result.error().detail;
      EXPECT_EQ(result->messages, 3u);
    }
  }
}

TEST(Pieces, TellTheByteOfTheWholeBody) {
  const DecodeError in_third = error_of(Format::json, {"[\"a\",", "\"b\",", "x]"});
  EXPECT_EQ(in_third.detail, "not JSON: unexpected character 'x'");
  EXPECT_EQ(in_third.offset, 9u);
  const DecodeError in_line = error_of(Format::ndjson, {"1\n2\n", "{\"a\"", ":x}\n"});
  EXPECT_EQ(in_line.detail, "line 3: not JSON: unexpected character 'x'");
  EXPECT_EQ(in_line.offset, 9u);
}

TEST(Pieces, ThatEndTooEarly) {
  EXPECT_EQ(error_of(Format::json, {}).detail, "the body is empty");
  const DecodeError half = error_of(Format::json, {"[\"a\"", ","});
  EXPECT_EQ(half.detail, "not JSON: it ends too early");
  EXPECT_EQ(half.offset, 5u);
  EXPECT_EQ(error_of(Format::ndjson, {"{\"a\":", "\n1\n"}).detail, "line 1: not JSON: it ends too early");
  EXPECT_EQ(error_of(Format::ndjson, {" ", "\n", "\r\n"}).detail, "there are no messages: no line holds one");
}

TEST(Pieces, OfWhichTheFirstFaultCounts) {
  EXPECT_EQ(error_of(Format::json, {R"({"packet_id":")", std::string(100'000, 'x'), R"(","messages":["a"]})"}).code,
            DecodeErrorCode::invalid_packet_id);
  EXPECT_EQ(error_of(Format::json, {"[\"a\"]", " ", "x"}).detail, "not JSON: more after its end");
  EXPECT_EQ(error_of(Format::ndjson, {"1 ", "2\n"}).detail, "line 1: not JSON: more after its end");
}

TEST(Pieces, BeginWithNoByteOrderMark) {
  const std::string detail = "the body begins with a byte order mark; send UTF-8 without one";
  for (const Format format : {Format::json, Format::ndjson}) {
    EXPECT_EQ(error_of(format, {"\xef", "", "\xbb", "\xbf[\"a\"]"}).detail, detail);
    EXPECT_EQ(error_of(format, {"\xef\xbb\xbf", "[\"a\"]"}).detail, detail);
    for (const std::vector<std::string>& pieces :
         {std::vector<std::string>{"\xef", "\xbb"}, {"\xef\xbb", "[\"a\"]"}, {"\xef", "[1]"}}) {
      const DecodeError error = error_of(format, pieces);
      EXPECT_NE(error.detail.find("byte 0xef, which is not UTF-8"), std::string::npos) << error.detail;
      EXPECT_EQ(error.offset, 0u);
    }
  }
}

}  // namespace
}  // namespace logdist::codec
