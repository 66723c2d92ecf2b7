#include "logdist/ingest/dialects/hec_acks.hpp"

#include <gmock/gmock.h>

#include "logdist/ingest/dialects/forwarded_headers.hpp"

namespace logdist::ingest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

std::optional<std::string> channel_of(const std::string& query, const std::string& fields = "") {
  http::RequestHead head;
  head.query = query;
  head.fields = fields;
  return hec_channel(head);
}

TEST(HecAcks, TheChannelIsInTheHeaderOrInTheQuery) {
  EXPECT_THAT(channel_of("", "X-Splunk-Request-Channel: c-1\r\n"), Optional(std::string("c-1")));
  EXPECT_THAT(channel_of("channel=c-2", "x-splunk-request-channel: c-1\r\n"), Optional(std::string("c-1")));
  EXPECT_THAT(channel_of("channel=c-2", "x-splunk-request-channel: \r\n"), Optional(std::string("c-2")));
  EXPECT_THAT(channel_of("host=a&channel=%7Bc%7d&channel=d"), Optional(std::string("{c}")));
  for (const std::string query : {"", "channel", "channel=", "&&", "other=1", "xchannel=1", "channels=1"}) {
    EXPECT_EQ(channel_of(query), std::nullopt) << query;
  }
}

TEST(HecAcks, ParametersAreFoundByName) {
  EXPECT_THAT(query_parameter("a=1;b=2&c", "b"), Optional(std::string("2")));
  EXPECT_THAT(query_parameter("a=1;b=2&c", "c"), Optional(std::string()));
  EXPECT_THAT(query_parameter("a=1=2", "a"), Optional(std::string("1=2")));
  EXPECT_THAT(query_parameter("%61=%zz", "a"), Optional(std::string("%zz")));
}

TEST(HecAcks, IdsAreTakenOnce) {
  EXPECT_THAT(parse_ack_query(R"({"acks":[3,1,18446744073709551615,1]})"),
              Optional(ElementsAre(1, 3, 18446744073709551615u)));
  EXPECT_THAT(parse_ack_query(R"( {"acks":[],"more":{}} )"), Optional(IsEmpty()));
  for (const std::string body :
       {"", "{", "[]", "{}", R"({"acks":1})", R"({"acks":["1"]})", R"({"acks":[-1]})", R"({"acks":[1.5]})",
        R"({"acks":[18446744073709551616]})", R"({"acks":[null]})", R"({"acks":[1]}{})", R"({"Acks":[1]})"}) {
    EXPECT_EQ(parse_ack_query(body), std::nullopt) << body;
  }
  EXPECT_EQ(parse_ack_query(std::string(ack_query_bytes_max, '[')), std::nullopt);
}

TEST(HecAcks, TheAnswerHasEachId) {
  EXPECT_EQ(ack_reply({0, 7}, {true, false}).body, R"({"acks":{"0":true,"7":false}})");
  EXPECT_EQ(ack_reply({}, {}).body, R"({"acks":{}})");
  EXPECT_EQ(ack_reply({}, {}).content_type, "application/json");
}

TEST(HecAcks, AnIdIsPartOfTheSuccess) {
  EXPECT_EQ(success_reply({Dialect::hec}, {1, false}).body, R"({"text":"Success","code":0})");
  EXPECT_EQ(success_reply({Dialect::hec}, {1, false, 12}).body, R"({"text":"Success","code":0,"ackId":12})");
}

}  // namespace
}  // namespace logdist::ingest
