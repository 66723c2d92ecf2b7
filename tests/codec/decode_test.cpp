#include "logdist/codec/decode.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/codec/corpus.hpp"

namespace logdist::codec {
namespace {

class Decode : public ::testing::Test {
 protected:
  DecodeResult decode(Format format, std::string_view bytes) {
    body_ = pool_.take(bytes.size());
    body_.append(bytes);
    return decoder_.decode(format, body_);
  }
  DecodeResult json(std::string_view bytes) { return decode(Format::json, bytes); }
  DecodeResult ndjson(std::string_view bytes) { return decode(Format::ndjson, bytes); }

  void expect_messages(std::uint32_t messages, const DecodeResult& result) {
    ASSERT_TRUE(result.has_value()) << result.error().detail;
    EXPECT_EQ(result->messages, messages);
  }
  void expect_refused(const DecodeResult& result, std::string_view detail,
                      DecodeErrorCode fault = DecodeErrorCode::invalid_body) {
    ASSERT_TRUE(result.has_error());
    EXPECT_EQ(result.error().detail, detail);
    EXPECT_EQ(result.error().code, fault);
  }

  core::BufferPool pool_{1 << 20};
  core::Buffer body_;
  Decoder decoder_;
};

TEST(IsValidId, TakesOneTo128VisibleAsciiCharacters) {
  EXPECT_TRUE(is_valid_id("a"));
  EXPECT_TRUE(is_valid_id("!~0189ce7c-0000-7000-8000-000000000000"));
  EXPECT_TRUE(is_valid_id(std::string(128, 'x')));
  EXPECT_FALSE(is_valid_id(""));
  EXPECT_FALSE(is_valid_id(std::string(129, 'x')));
  EXPECT_FALSE(is_valid_id("a b"));
  EXPECT_FALSE(is_valid_id("a\x7f"));
  EXPECT_FALSE(is_valid_id("\xc3\xa9"));
  EXPECT_FALSE(is_valid_id(std::string_view("a\0", 2)));
}

TEST_F(Decode, CountsTheMessagesOfAPacket) {
  expect_messages(3, json(R"({"agent_id":"a","messages":[{"t":"x"},"y",{}],"more":[1,2,3,4]})"));
  expect_messages(1, json(R"({"messages":[{"messages":[1,2],"packet_id":3}]})"));
  expect_messages(2, json(R"(["x",{"packet_id":7}])"));
}

TEST_F(Decode, FindsThePacketIdUnescaped) {
  EXPECT_EQ(json(R"({"packet_id":"p-1","messages":["x"]})")->packet_id, "p-1");
  EXPECT_EQ(json(R"({"messages":["x"],"packet\u005fid":"\u0041\/"})")->packet_id, "A/");
  EXPECT_EQ(json(R"({"messages":["x"]})")->packet_id, "") << "not the one before";
  EXPECT_EQ(json(R"({"packet_id":"p-2","messages":[18446744073709551616,"x"]})").has_value(), false);
  EXPECT_EQ(json(R"({"packet_id":"p-3","messages":[{"n":18446744073709551616}]})")->packet_id, "p-3");
  EXPECT_EQ(json(R"({"n":18446744073709551616,"messages":["x"]})")->packet_id, "") << "not the one before";
}

TEST_F(Decode, AcceptsNumbersOfAnySize) {
  expect_messages(1, json(R"({"messages":[{"n":340282366920938463463374607431768211456}]})"));
  expect_messages(1, json(R"({"messages":[{"n":-9223372036854775809}]})"));
  expect_messages(1, json(R"({"messages":[{"n":1e999}]})"));
  expect_messages(1, ndjson("1e400\n"));
  expect_refused(json("[{\"n\":1e99999999999}]"), "not JSON that we can read: an exponent beyond 2^31");
}

TEST_F(Decode, CountsLines) {
  expect_messages(3, ndjson("{\"a\":1}\n[1,2]\r\n\"x\""));
  expect_messages(1, ndjson("\n \t\r\n7\n\n"));
  expect_messages(2, ndjson("{\"messages\":1,\"messages\":2}\n{\"packet_id\":\"\"}\n"));
  EXPECT_EQ(ndjson("{\"packet_id\":\"p\"}")->packet_id, "");
}

TEST_F(Decode, NamesTheBadLine) {
  expect_refused(ndjson("{}\n\n{\"a\":}\n"), "line 3: not JSON: unexpected character '}'");
  expect_refused(ndjson("{} {}\n"), "line 1: not JSON: more after its end");
  expect_refused(ndjson("[1,\n2]\n"), "line 1: not JSON: it ends too early");
  expect_refused(ndjson(""), "there are no messages: no line holds one");
  expect_refused(ndjson(" \r\n\n"), "there are no messages: no line holds one");
}

TEST_F(Decode, RefusesWhatIsNoPacket) {
  expect_refused(json(""), "the body is empty");
  expect_refused(json(" "), "not JSON: it ends too early");
  expect_refused(json("7"), "the body must be a packet, or an array of messages; it is a number");
  expect_refused(json("\"x\""), "the body must be a packet, or an array of messages; it is a string");
  expect_refused(json("null"), "the body must be a packet, or an array of messages; it is null");
  expect_refused(json("{}"), "the packet has no `messages`");
  expect_refused(json("[]"), "there are no messages: the array is empty");
  expect_refused(json(R"({"messages":[]})"), "there are no messages: the array is empty");
  expect_refused(json(R"({"messages":{}})"),
                 "`messages` must be a non-empty array of objects or strings; it is an object");
  expect_refused(json(R"({"messages":["a","b",{},3]})"),
                 "`messages` must be a non-empty array of objects or strings; element 3 is a number");
  expect_refused(json(R"([["a"]])"),
                 "`messages` must be a non-empty array of objects or strings; element 0 is an array");
  expect_refused(json(R"(["a",true])"),
                 "`messages` must be a non-empty array of objects or strings; element 1 is a boolean");
  expect_refused(json(R"({"agent_id":1,"messages":["a"]})"), "`agent_id` must be a string; it is a number");
}

TEST_F(Decode, RefusesAFieldGivenTwiceHoweverItIsWritten) {
  expect_refused(json(R"({"messages":["a"],"messages":["b"]})"), "`messages` is given twice");
  expect_refused(json(R"({"messages":["a"],"message\u0073":["b"]})"), "`messages` is given twice");
  expect_refused(json(R"({"packet_id":"a","messages":["b"],"\u0070acket_id":"a"})"), "`packet_id` is given twice");
  expect_refused(json(R"({"agent_id":"a","agent_id":"a","messages":["b"]})"), "`agent_id` is given twice");
  expect_messages(1, json(R"({"other":1,"other":2,"messages":[{"messages":1,"messages":2}]})"));
}

TEST_F(Decode, TellsABadPacketIdFromABadBody) {
  const auto characters = "`packet_id` must be 1 to 128 visible ASCII characters";
  const auto fault = DecodeErrorCode::invalid_packet_id;
  expect_refused(json(R"({"packet_id":"","messages":["a"]})"), characters, fault);
  expect_refused(json(R"({"packet_id":"a b","messages":["a"]})"), characters, fault);
  expect_refused(json(R"({"packet_id":"\u00e9","messages":["a"]})"), characters, fault);
  expect_refused(json("{\"packet_id\":\"" + std::string(129, 'x') + "\",\"messages\":[\"a\"]}"), characters, fault);
  expect_refused(json(R"({"packet_id":null,"messages":["a"]})"), "`packet_id` must be a string; it is null", fault);
}

TEST_F(Decode, RefusesWhatIsNotUtf8) {
  expect_refused(json("\xef\xbb\xbf[\"a\"]"), "the body begins with a byte order mark; send UTF-8 without one");
  expect_refused(ndjson("\xef\xbb\xbf{}"), "the body begins with a byte order mark; send UTF-8 without one");
  expect_refused(json("[\"\xc0\xaf\"]"), "not JSON: byte 0xc0, which is not UTF-8 or outside a string");
  expect_refused(json(R"(["\ud800"])"), "not JSON: a \\u escape that is malformed, or half of a surrogate pair");
  expect_refused(json(R"(["\udc00"])"), "not JSON: a \\u escape that is malformed, or half of a surrogate pair");
}

TEST_F(Decode, Takes64LevelsAndNoMore) {
  // The array of messages is level 1 and each message an object, level 2.
  const auto packet = [](std::size_t levels, const std::string& inner) {
    return "[{\"k\":" + nested(levels - 2, inner) + "}]";
  };
  for (const std::size_t levels : {62u, 63u, 64u}) expect_messages(1, json(packet(levels, "1")));
  expect_messages(1, json(packet(63, "[]")));
  expect_messages(1, ndjson(nested(64, "1")));
  expect_messages(1, ndjson(nested(63, "{}")));
  for (const std::string& body : {packet(65, "1"), packet(64, "[]"), packet(64, "{}"), packet(5000, "1")}) {
    expect_refused(json(body), "nested deeper than 64 levels");
  }
  expect_refused(ndjson(nested(65, "1")), "line 1: nested deeper than 64 levels");
  expect_refused(ndjson(nested(64, "[]")), "line 1: nested deeper than 64 levels");
}

TEST_F(Decode, GivesScratchMemoryBackAfterALargeBody) {
  expect_messages(1, json("[\"" + std::string(100'000, 'x') + "\"]"));
  EXPECT_GE(decoder_.kept_capacity(), 100'000u);
  const std::string id(100, 'i');
  const std::string large = "{\"packet_id\":\"" + id + "\",\"messages\":[\"" + std::string(2 << 20, 'x') + "\"]}";
  const DecodeResult result = json(large);
  expect_messages(1, result);
  EXPECT_EQ(result->packet_id, id) << "outlives the scratch memory";
  EXPECT_EQ(decoder_.kept_capacity(), 0u);
  expect_messages(1, json(R"(["again"])"));
}

TEST_F(Decode, ReadsNothingOfOlderBytesBehindTheBody) {
  body_ = pool_.take(100);
  body_.append(R"(["a","b","c"])");
  body_.resize(4);
  EXPECT_TRUE(decoder_.decode(Format::json, body_).has_error());
  body_.append("]");
  EXPECT_EQ(decoder_.decode(Format::json, body_)->messages, 1u);
}

}  // namespace
}  // namespace logdist::codec
