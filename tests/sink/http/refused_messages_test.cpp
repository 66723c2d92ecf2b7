#include "logdist/sink/http/refused_messages.hpp"

#include <gtest/gtest.h>

namespace logdist::sink {
namespace {

using core::Protocol;

/// The same, however the body is cut.
std::uint32_t refused(Protocol protocol, std::uint32_t messages, std::string_view body) {
  RefusedMessages whole;
  whole.begin(protocol, messages);
  whole.read(body);
  const std::uint32_t count = whole.end();
  RefusedMessages pieces;
  pieces.begin(protocol, messages);
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
  EXPECT_EQ(refused(Protocol::elasticsearch, 1, R"({"status":500},{"status":500})"), 1u) << "no more than there were";
}

TEST(RefusedMessages, OfOtlpAreThoseOfPartialSuccess) {
  EXPECT_EQ(refused(Protocol::otlp, 9, ""), 0u);
  EXPECT_EQ(refused(Protocol::otlp, 9, "{}"), 0u);
  EXPECT_EQ(refused(Protocol::otlp, 9, R"({"partialSuccess":{}})"), 0u);
  EXPECT_EQ(refused(Protocol::otlp, 9, R"({"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"x"}})"), 3u);
  EXPECT_EQ(refused(Protocol::otlp, 9, R"( {"partialSuccess": {"rejectedLogRecords": 4}})"), 4u);
  EXPECT_EQ(refused(Protocol::otlp, 9, std::string_view("\x0a\x02\x08\x05", 4)), 5u);
  EXPECT_EQ(refused(Protocol::otlp, 900, std::string_view("\x0a\x03\x08\xac\x02", 5)), 300u);
  EXPECT_EQ(refused(Protocol::otlp, 9, std::string_view("\x0a\x02\x08", 3)), 0u) << "cut short";
  EXPECT_EQ(refused(Protocol::otlp, 9, std::string_view("\x0a\x03\x12\x01x", 5)), 0u) << "a warning alone";
}

TEST(RefusedMessages, OfHecAreAllWhenTheCodeIsNotZero) {
  EXPECT_EQ(refused(Protocol::hec_event, 7, R"({"text":"Success","code":0})"), 0u);
  EXPECT_EQ(refused(Protocol::hec_raw, 7, R"({"text":"Server is busy", "code": 9})"), 7u);
  EXPECT_EQ(refused(Protocol::hec_event, 7, ""), 0u);
  EXPECT_EQ(refused(Protocol::hec_event, 7, R"({"code":)" + std::string(10'000, ' ') + "9}"), 0u) << "kept to a bound";
}

TEST(RefusedMessages, OfOthersAreNone) {
  EXPECT_EQ(refused(Protocol::packet, 7, R"({"status":500,"code":9})"), 0u);
  EXPECT_EQ(refused(Protocol::loki, 7, R"({"status":500,"code":9})"), 0u);
}

}  // namespace
}  // namespace logdist::sink
