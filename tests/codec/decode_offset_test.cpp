// Where a fault is said to be: one caret below each body marks the byte.
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "logdist/codec/decode.hpp"

namespace logdist::codec {
namespace {

struct Case {
  Format format;
  std::string body;
  std::string caret;
};

void PrintTo(const Case& tried, std::ostream* out) { *out << ::testing::PrintToString(tried.body); }

class DecodeOffset : public ::testing::TestWithParam<Case> {};

TEST_P(DecodeOffset, IsTheByteOfTheFault) {
  core::BufferPool pool(0);
  core::Buffer body = pool.take(GetParam().body.size());
  body.append(GetParam().body);
  Decoder decoder;
  const DecodeResult result = decoder.decode(GetParam().format, body);
  ASSERT_TRUE(result.has_error());
  EXPECT_EQ(result.error().offset, GetParam().caret.find('^')) << result.error().detail;
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(Syntax, DecodeOffset, ::testing::Values(
  Case{Format::json, R"()",
                     R"(^)"},
  Case{Format::json, R"(["a")",
                     R"(    ^)"},
  Case{Format::json, R"(["a",])",
                     R"(     ^)"},
  Case{Format::json, R"(["a" "b"])",
                     R"(     ^)"},
  Case{Format::json, R"(["a"] x)",
                     R"(      ^)"},
  Case{Format::json, R"([{"v":01}])",
                     R"(       ^)"},
  Case{Format::json, R"([{"v":1.x}])",
                     R"(        ^)"},
  Case{Format::json, R"([{"v" 1}])",
                     R"(      ^)"},
  Case{Format::json, R"([{v:1}])",
                     R"(  ^)"},
  Case{Format::json, R"({"messages":["a"],})",
                     R"(                  ^)"},
  Case{Format::json, R"(["a\xb"])",
                     R"(    ^)"},
  Case{Format::json, R"(["a\u12x4"])",
                     R"(   ^)"},
  Case{Format::json, R"(["\\u\u0041\ud83d\ude00\u\u0042"])",
                     R"(                       ^)"},
  Case{Format::json, R"(["\"\ud83d\u0041"])",
                     R"(    ^)"},
  Case{Format::json, R"(["\ud83d\u"x":""])",
                     R"(  ^)"},
  Case{Format::json, R"(["\ude00"])",
                     R"(  ^)"},
  Case{Format::json, R"([{"u\u\065":1}])",
                     R"(    ^)"},
  Case{Format::json, "[\"a\x01" "b\"]",
                     R"(   ^)"},
  Case{Format::json, "[\"ab\xff\"]",
                     R"(    ^)"},
  Case{Format::json, "\xef\xbb\xbf[\"a\"]",
                     R"(^)"}));

INSTANTIATE_TEST_SUITE_P(PacketSchema, DecodeOffset, ::testing::Values(
  Case{Format::json, R"( 7)",
                     R"( ^)"},
  Case{Format::json, R"("")",
                     R"(^)"},
  Case{Format::json, R"( "a\"b")",
                     R"( ^)"},
  Case{Format::json, R"([ ])",
                     R"(^)"},
  Case{Format::json, R"({"a":[1],"messages": [  ]})",
                     R"(                     ^)"},
  Case{Format::json, R"({"messages":"text"})",
                     R"(            ^)"},
  Case{Format::json, R"({"messages":{}})",
                     R"(            ^)"},
  Case{Format::json, R"(["a",-12.5e3 ])",
                     R"(     ^)"},
  Case{Format::json, R"(["a",42])",
                     R"(     ^)"},
  Case{Format::json, R"(["a", true])",
                     R"(      ^)"},
  Case{Format::json, R"(["a", null])",
                     R"(      ^)"},
  Case{Format::json, R"(["a",["b"]])",
                     R"(     ^)"},
  Case{Format::json, R"({"a":{"b":"c"} })",
                     R"(               ^)"},
  Case{Format::json, R"({"messages":["a"], "message\u0073":["b"]})",
                     R"(                   ^)"},
  Case{Format::json, R"({"packet_id": "a\"\\\" b","messages":["a"]})",
                     R"(              ^)"},
  Case{Format::json, R"({"packet_id": 12,"messages":["a"]})",
                     R"(              ^)"},
  Case{Format::json, R"({"agent_id":null,"messages":["a"]})",
                     R"(            ^)"}));

INSTANTIATE_TEST_SUITE_P(Lines, DecodeOffset, ::testing::Values(
  Case{Format::ndjson, "{}\n[1,]\n",
                       R"(      ^)"},
  Case{Format::ndjson, "{}\r\n\r\n{\"a\"\r\n{}",
                       R"(           ^)"},
  Case{Format::json,   R"([{"v":-1.5e+99999999999}])",
                       R"(      ^)"},
  Case{Format::ndjson, "\n\n",
                       "^"}));
// clang-format on

}  // namespace
}  // namespace logdist::codec
