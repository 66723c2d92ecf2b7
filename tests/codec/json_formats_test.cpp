// The formats made of JSON: what a message is, what may be empty, what is refused, why and where.
#include <gtest/gtest.h>

#include <string>

#include "tests/codec/pieces.hpp"

namespace logdist::codec {
namespace {

using namespace logdist::test;

struct Counted {
  Format format;
  std::string body;
  std::uint32_t messages;
};

const Counted counted_bodies[] = {
    {Format::otlp_json,
     R"({"resourceLogs":[{"resource":{},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1"},{}]},)"
     R"({"scope":{"name":"s"},"logRecords":[{"traceId":"zz"}]}]},{"scopeLogs":[]},{}]})",
     3},
    {Format::otlp_json, R"({"resourceLogs":null})", 0},
    {Format::otlp_json, R"({"resourceLogs":[{"scopeLogs":[{"logRecords":null}]}]})", 0},
    {Format::otlp_json, R"({"resource_logs":[{"scope_logs":[{"log_records":[{}]}]}]})", 1},
    {Format::otlp_json, R"({"more":[1],"resourceLogs":[{"logRecords":[{}],"scopeLogs":[{"scopeLogs":7}]}]})", 0},
    {Format::otlp_json, "{}", 0},
    {Format::otlp_json, "", 0},
    {Format::loki_json, R"({"streams":[{"stream":{"app":"a"},"values":[["1","x"],["2","y",{"trace":"z"}]]},{}]})", 2},
    {Format::loki_json, R"({"streams":[]})", 0},
    {Format::loki_json, "{}", 0},
    {Format::loki_json, "\n", 0},
    {Format::hec_event, R"({"event":"a"}{"time":1.5,"event":{"b":1}})", 2},
    {Format::hec_event, "\n{\"event\":0}\r\n\t{\"event\":false} {\"event\":[]}\n", 3},
    {Format::hec_event, R"([{"event":"a"},{"event":"b"}])", 2},
    {Format::hec_event, R"([{"event":"a"}][]{"event":{}})", 2},
    {Format::datadog, R"([{"message":"a"},{}])", 2},
    {Format::datadog, R"({"message":"a"})", 1},
    {Format::datadog, "{\"message\":\"a\"}\n{\"message\":\"b\"}", 2},
    {Format::datadog, "{}", 0},
    {Format::datadog, "[]", 0},
    {Format::datadog, "", 0},
    {Format::gelf, R"({"version":"1.1","host":"h","short_message":"a"})", 1},
    {Format::gelf, "{\"short_message\":\"a\"}\n{\"short_message\":\"b\"}\n", 2},
    {Format::firehose, R"({"requestId":"r","timestamp":1,"records":[{"data":"YQ=="},{"data":"Yg=="}]})", 2},
    {Format::firehose, R"({"requestId":"r","timestamp":1,"records":[]})", 0},
    {Format::firehose, "", 0},
    {Format::cloud_event, R"({"specversion":"1.0","type":"t","source":"s","id":"1","data":[{}]})", 1},
    {Format::cloud_event_batch, R"([{"specversion":"1.0"},{"specversion":"1.0"}])", 2},
    {Format::cloud_event_batch, "[]", 0},
    {Format::events, R"({"message":"a"})", 1},
    {Format::events, R"([{"message":"a"},"b",{}])", 3},
    {Format::events, "{\"a\":1}\n{\"a\":2}\n\n{\"a\":3}", 3},
    {Format::events, R"({"a":1}{"a":2}["x","y"])", 4},
    {Format::events, R"({"logs":[{"a":1},"b"]})", 2},
    {Format::events, R"({"messages":["a"],"host":"h"})", 1},
    {Format::events, R"({"host":{"records":[1,2]},"records":[{},{},{}]})", 3},
    {Format::events, R"({"events":["a","b"]})", 2},
    // What looks like an envelope, but is a message.
    {Format::events, "{\"events\":[\"a\",\"b\"]}\n{\"events\":[\"c\"]}", 2},
    {Format::events, R"({"message":"a","events":[1,2,3]})", 1},
    {Format::events, R"({"message":"a","events":[]})", 1},
    {Format::events, R"({"logs":["a"],"records":["b","c"]})", 1},
    {Format::events, R"({"logs":"a","records":null})", 1},
};

TEST(JsonFormats, CountTheirMessages) {
  WholeAndPieces bodies;
  for (const auto& [format, body, messages] : counted_bodies) {
    const Outcome outcome = bodies.decode(format, body);
    EXPECT_TRUE(outcome.accepted) << body << ": " << outcome.error.detail;
    EXPECT_EQ(outcome.messages, messages) << body;
    // The same by the strict reader, which alone takes so large a number, wherever it is.
    if (const std::size_t member = body.find("{\""); member != std::string::npos) {
      std::string other = body;
      other.insert(member + 1, "\"big\":123456789012345678901234567890,");
      EXPECT_EQ(bodies.decode(format, other).messages, messages) << other;
    }
  }
}

struct Refused {
  Format format;
  std::string body;
  DecodeErrorCode code;
  std::string detail;
  std::size_t offset;
  std::uint32_t message = 0;
};

const Refused refused_bodies[] = {
    {Format::otlp_json, "[]", DecodeErrorCode::invalid_body, "the body must be an object; it is an array", 0},
    {Format::otlp_json, R"({"resourceLogs":{}})", DecodeErrorCode::invalid_body,
     "`resourceLogs` must be an array or null; it is an object", 16},
    {Format::otlp_json, R"({"resourceLogs":[null]})", DecodeErrorCode::invalid_body,
     "an element of `resourceLogs` must be an object; it is null", 17},
    {Format::otlp_json, R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{},"x"]}]}]})", DecodeErrorCode::invalid_body,
     "a log record must be an object; it is a string", 49, 1},
    {Format::otlp_json, R"({"resourceLogs":[],"resource_logs":[]})", DecodeErrorCode::invalid_body,
     "`resource_logs` is given twice", 19},
    {Format::otlp_json, R"({"resourceLogs":[]} {})", DecodeErrorCode::invalid_body, "not JSON: more after its end", 20},
    {Format::otlp_json, R"({"resourceLogs":[)", DecodeErrorCode::invalid_body, "not JSON: it ends too early", 17},
    {Format::loki_json, R"({"Streams":[]})", DecodeErrorCode::invalid_body, "the body has no `streams`", 13},
    {Format::loki_json, R"({"streams":[{"values":[["1"]]}]})", DecodeErrorCode::invalid_body,
     "an entry has at least 2 elements", 27},
    {Format::loki_json, R"({"streams":[{"values":[["1","a"],["1","a",{},{}]]}]})", DecodeErrorCode::invalid_body,
     "an entry has at most 3 elements", 45, 1},
    {Format::loki_json, R"({"streams":[{"values":[[1,"a"]]}]})", DecodeErrorCode::invalid_body,
     "the time of an entry must be a string; it is a number", 24},
    {Format::loki_json, R"({"streams":[{"values":[["1","a","b"]]}]})", DecodeErrorCode::invalid_body,
     "the metadata of an entry must be an object; it is a string", 32},
    {Format::hec_event, "", DecodeErrorCode::no_data, "the body is empty", 0},
    {Format::hec_event, " \n", DecodeErrorCode::no_data, "the body is empty", 2},
    {Format::hec_event, "[]", DecodeErrorCode::no_data, "there are no messages", 2},
    {Format::hec_event, R"({"event":1}{"fields":{"event":1}})", DecodeErrorCode::event_missing,
     "an event has no `event`", 32, 1},
    {Format::hec_event, R"({"event":1}{"event":2}{"event":""})", DecodeErrorCode::event_blank, "`event` is blank", 31,
     2},
    {Format::hec_event, R"([{"event":1},{"event":null}])", DecodeErrorCode::event_blank, "`event` is blank", 22, 1},
    {Format::hec_event, "{}", DecodeErrorCode::event_missing, "an event has no `event`", 1},
    {Format::hec_event, R"({"event":1} "two")", DecodeErrorCode::invalid_body,
     "an event must be an object or an array; it is a string", 12, 1},
    {Format::hec_event, R"({"event":1},{"event":2})", DecodeErrorCode::invalid_body,
     "not JSON: unexpected character ','", 11, 1},
    {Format::hec_event, R"({"event":1}{"event":2)", DecodeErrorCode::invalid_body, "not JSON: it ends too early", 21,
     1},
    {Format::hec_event, R"({"event":1}{"event":tru})", DecodeErrorCode::invalid_body,
     "not JSON: unexpected character 't'", 20, 1},
    {Format::datadog, R"(["a"])", DecodeErrorCode::invalid_body, "an item must be an object; it is a string", 1},
    {Format::gelf, "", DecodeErrorCode::no_data, "the body is empty", 0},
    {Format::gelf, "[]", DecodeErrorCode::invalid_body, "a GELF message must be an object; it is an array", 0},
    {Format::firehose, R"({"requestId":"r"})", DecodeErrorCode::invalid_body, "the body has no `records`", 16},
    {Format::firehose, R"({"records":null})", DecodeErrorCode::invalid_body, "`records` must be an array; it is null",
     11},
    {Format::cloud_event, "", DecodeErrorCode::no_data, "the body is empty", 0},
    {Format::cloud_event, "[{}]", DecodeErrorCode::invalid_body, "a CloudEvent must be an object; it is an array", 0},
    {Format::cloud_event_batch, "[{},1]", DecodeErrorCode::invalid_body,
     "a CloudEvent must be an object; it is a number", 4, 1},
    {Format::events, "", DecodeErrorCode::no_data, "the body is empty", 0},
    {Format::events, R"({"logs":[]})", DecodeErrorCode::no_data, "there are no messages", 11},
    {Format::events, "[1]", DecodeErrorCode::invalid_body, "an event must be an object or a string; it is a number", 1},
    {Format::events, "\"a\"", DecodeErrorCode::invalid_body,
     "an event, or the body, must be an object or an array; it is a string", 0},
    {Format::events, "\xef\xbb\xbf{}", DecodeErrorCode::invalid_body,
     "the body begins with a byte order mark; send UTF-8 without one", 0},
};

TEST(JsonFormats, SayWhatIsWrongAndWhere) {
  WholeAndPieces bodies;
  for (const Refused& expected : refused_bodies) {
    const Outcome outcome = bodies.decode(expected.format, expected.body);
    EXPECT_FALSE(outcome.accepted) << expected.body;
    EXPECT_EQ(outcome.error.code, expected.code) << expected.body;
    EXPECT_EQ(outcome.error.detail, expected.detail) << expected.body;
    EXPECT_EQ(outcome.error.offset, expected.offset) << expected.body;
    EXPECT_EQ(outcome.error.message, expected.message) << expected.body;
  }
}

TEST(JsonFormats, AreNestedAsDeepAsAnyBody) {
  WholeAndPieces bodies;
  for (const std::size_t levels : {62u, 63u, 64u}) {
    const std::string event = R"({"event":)" + std::string(levels, '[') + std::string(levels, ']') + "}";
    EXPECT_EQ(bodies.decode(Format::hec_event, event + event).accepted, levels < max_depth) << levels;
  }
}

TEST(JsonFormats, GiveTheirMemoryBackAfterALargeBody) {
  core::BufferPool pool(std::size_t{1} << 20);
  Decoder decoder;
  core::Buffer body = pool.take(Decoder::max_kept_body + 100);
  body.append(R"({"event":")" + std::string(Decoder::max_kept_body, 'x') + R"("})");
  EXPECT_EQ(decoder.decode(Format::hec_event, body)->messages, 1u);
  EXPECT_EQ(decoder.kept_capacity(), 0u);
}

}  // namespace
}  // namespace logdist::codec
