#include "logdist/sink/http/refused_messages.hpp"

#include <gtest/gtest.h>

namespace logdist::sink {
namespace {

using core::Protocol;

/// The same, however the body is cut.
std::uint32_t refused(Protocol protocol, std::uint32_t messages, std::string_view body,
                      std::string_view content_type = {}) {
  RefusedMessages whole;
  whole.begin(protocol, messages, content_type);
  whole.read(body);
  const std::uint32_t count = whole.end();
  RefusedMessages pieces;
  pieces.begin(protocol, messages, content_type);
  for (std::size_t at = 0; at < body.size(); ++at) pieces.read(body.substr(at, 1));
  EXPECT_EQ(pieces.end(), count) << body;
  return count;
}

TEST(RefusedMessages, OfBulkAreItemsWithAnError) {
  EXPECT_EQ(refused(Protocol::elasticsearch, 2,
                    R"({"took":1,"errors":false,"items":[{"index":{"status":201}},{"delete":{"status":200}}]})"),
            0u);
  EXPECT_EQ(refused(Protocol::elasticsearch, 3,
                    R"({"errors" : true, "items": [ {"index": {"status" : 201}}, {"create": {"status": 409, "error":)"
                    R"({"type":"x","reason":"it said \"status\":500 to \\"}}}, {"index":{"status":503}}]})"),
            2u);
  EXPECT_EQ(refused(Protocol::elasticsearch, 1, R"({"items":[{"a":{"xstatus":400,"status_":500,"status":"4"}}]})"), 0u);
  EXPECT_EQ(refused(Protocol::elasticsearch, 1, R"({"items":[{"index":{"status":500}},{"index":{"status":500}}]})"), 1u)
      << "no more than there were";
}

TEST(RefusedMessages, OfBulkAreToldByTheStatusOfTheItemAlone) {
  EXPECT_EQ(
      refused(Protocol::elasticsearch, 3,
              R"({"status":500,"items":[{"index":{"error":{"status":400,"caused_by":{"status":500}},"status":201}},)"
              R"({"index":{"status":409,"error":{"status":409}}},{"index":[{"status":500}]}]})"),
      1u);
  EXPECT_EQ(refused(Protocol::elasticsearch, 3, R"({"items":[{"index":{"status":429}},{"index":{"status":429}},{"ind)"),
            2u)
      << "cut: what was said before";
}

TEST(RefusedMessages, OfOtlpAreThoseOfPartialSuccess) {
  EXPECT_EQ(refused(Protocol::otlp, 9, ""), 0u);
  EXPECT_EQ(refused(Protocol::otlp, 9, "{}"), 0u);
  EXPECT_EQ(refused(Protocol::otlp, 9, R"({"partialSuccess":{}})"), 0u);
  EXPECT_EQ(refused(Protocol::otlp, 9, R"({"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"x"}})"), 3u);
  EXPECT_EQ(refused(Protocol::otlp, 9, R"( {"partialSuccess": {"rejectedLogRecords": 4}})", "application/json"), 4u);
  EXPECT_EQ(refused(Protocol::otlp, 9,
                    R"({"other":{"rejectedLogRecords":5},"rejectedLogRecords":6,)"
                    R"("partialSuccess":{"other":{"rejectedLogRecords":7},"rejectedLogRecords":"2"}})"),
            2u);
  // The size of partial_success is the byte of a `{`.
  const std::string looks_like_json = "\x0a\x7b\x08\x03\x12\x77" + std::string(119, 'x');
  EXPECT_EQ(refused(Protocol::otlp, 9, looks_like_json, "application/x-protobuf"), 3u);
  EXPECT_EQ(refused(Protocol::otlp, 9, looks_like_json), 3u);
  EXPECT_EQ(refused(Protocol::otlp, 9, std::string_view("\x0a\x02\x08\x05", 4)), 5u);
  EXPECT_EQ(refused(Protocol::otlp, 900, std::string_view("\x0a\x03\x08\xac\x02", 5)), 300u);
  EXPECT_EQ(refused(Protocol::otlp, 9, std::string_view("\x0a\x02\x08", 3)), 0u) << "cut short";
  EXPECT_EQ(refused(Protocol::otlp, 9, std::string_view("\x0a\x03\x12\x01x", 5)), 0u) << "a warning alone";
}

TEST(RefusedMessages, OfHecAreAllWhenTheCodeIsNotZero) {
  EXPECT_EQ(refused(Protocol::hec_event, 7, R"({"text":"Success","code":0})"), 0u);
  EXPECT_EQ(refused(Protocol::hec_raw, 7, R"({"text":"Server is busy", "code": 9})"), 7u);
  EXPECT_EQ(refused(Protocol::hec_event, 7, ""), 0u);
  EXPECT_EQ(refused(Protocol::hec_event, 7, R"({"code":)" + std::string(10'000, ' ') + "9}"), 7u);
  EXPECT_EQ(refused(Protocol::hec_event, 7, R"({"code":9} {"code":0})"), 7u) << "the first value is the answer";
  EXPECT_EQ(refused(Protocol::hec_event, 7, "no JSON at all, \"code\":9"), 0u);
}

TEST(RefusedMessages, OfHecAreToldByTheCodeAtTheRootAlone) {
  EXPECT_EQ(refused(Protocol::hec_event, 7, R"({"details":{"code":9},"text":"Success","code":0})"), 0u);
  EXPECT_EQ(refused(Protocol::hec_event, 7, R"({"details":[{"code":0}],"code":"6"})"), 7u);
  EXPECT_EQ(refused(Protocol::hec_event, 7, R"({"text":"\"code\":9","code":0})"), 0u);
}

TEST(RefusedMessages, OfOthersAreNone) {
  EXPECT_EQ(refused(Protocol::packet, 7, R"({"status":500,"code":9})"), 0u);
  EXPECT_EQ(refused(Protocol::loki, 7, R"({"status":500,"code":9})"), 0u);
}

}  // namespace
}  // namespace logdist::sink
