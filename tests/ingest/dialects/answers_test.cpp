// Every dialect by a table: the outcome, and the bytes of its answer.
#include "logdist/ingest/dialects/answers.hpp"

#include <array>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace logdist::ingest {
namespace {

using codec::DecodeErrorCode;
using nlohmann::json;

Problem body_problem(DecodeErrorCode code, std::uint32_t message, std::optional<std::size_t> offset = 7) {
  return {400, "it is broken", offset, code, message};
}

struct SuccessCase {
  Dialect dialect;
  unsigned status;
  std::string_view type;
  std::string_view headers;
  std::string_view body;
};

TEST(Dialects, SayThatAllIsWell) {
  const std::array cases{
      SuccessCase{Dialect::otlp_json, 200, "application/json", "", "{}"},
      SuccessCase{Dialect::otlp_protobuf, 200, "application/x-protobuf", "", ""},
      SuccessCase{Dialect::loki, 204, "", "", ""},
      SuccessCase{Dialect::hec, 200, "application/json", "", R"({"text":"Success","code":0})"},
      SuccessCase{Dialect::datadog, 202, "application/json", "", "{}"},
      SuccessCase{Dialect::firehose, 200, "application/json", "", R"({"requestId":"r-1","timestamp":1700000000123})"},
      SuccessCase{Dialect::logplex, 204, "", "", ""},
      SuccessCase{Dialect::journal, 202, "text/plain; charset=utf-8", "", "OK.\n"},
  };
  for (const SuccessCase& expected : cases) {
    const Reply reply = success_reply({expected.dialect, "r-1", 1'700'000'000'123}, {3, false});
    SCOPED_TRACE(static_cast<int>(expected.dialect));
    EXPECT_EQ(reply.status, expected.status);
    EXPECT_EQ(reply.content_type, expected.type);
    EXPECT_EQ(reply.headers, expected.headers);
    EXPECT_EQ(reply.body, expected.body);
  }
}

TEST(Dialects, WithThePacketsIdHaveTheirStatus) {
  EXPECT_EQ(status_with_packet_id(Dialect::packet, false), 202u);
  EXPECT_EQ(status_with_packet_id(Dialect::packet, true), 200u);
  EXPECT_EQ(status_with_packet_id(Dialect::gelf, false), 202u);
  EXPECT_EQ(status_with_packet_id(Dialect::events, false), 200u);
  EXPECT_EQ(status_with_packet_id(Dialect::hec, false), std::nullopt);
}

TEST(Dialects, BulkHasAnItemForEachAction) {
  using codec::BulkAction;
  const std::array<codec::BulkActions, 4> actions{codec::BulkActions{BulkAction::index, 2},
                                                  {BulkAction::create, 1},
                                                  {BulkAction::remove, 1},
                                                  {BulkAction::update, 1}};
  const Reply reply = bulk_reply(actions);
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.content_type, "application/json");
  EXPECT_EQ(reply.headers, "X-Elastic-Product: Elasticsearch\r\n");
  EXPECT_EQ(
      reply.body,
      R"({"took":0,"errors":false,"items":[{"index":{"_index":"","status":201}},{"index":{"_index":"","status":201}},)"
      R"({"create":{"_index":"","status":201}},{"delete":{"_index":"","status":201}},{"update":{"_index":"","status":201}}]})");
  EXPECT_GE(bulk_reply_bytes(actions), reply.body.size());
  EXPECT_LE(bulk_reply_bytes(actions), reply.body.size() + 1);
}

struct ProblemCase {
  Dialect dialect;
  unsigned status;
  std::string_view type;
  std::string_view headers;
  std::string_view body;
};

/// All of a body that is broken at byte 7, in its third message.
TEST(Dialects, SayWhatIsWrongWithABody) {
  const std::array cases{
      ProblemCase{
          Dialect::packet, 400, "application/problem+json", "",
          R"({"type":"about:blank","title":"Bad Request","status":400,"detail":"it is broken, at byte 7","offset":7})"},
      ProblemCase{Dialect::otlp_json, 400, "application/json", "", R"({"code":3,"message":"it is broken, at byte 7"})"},
      ProblemCase{Dialect::otlp_protobuf, 400, "application/x-protobuf", "", "\x08\x03\x12\x17it is broken, at byte 7"},
      ProblemCase{Dialect::loki, 400, "text/plain; charset=utf-8", "", "it is broken, at byte 7\n"},
      ProblemCase{
          Dialect::hec, 400, "application/json", "",
          R"({"text":"Invalid data format","code":6,"invalid-event-number":2,"detail":"it is broken, at byte 7"})"},
      ProblemCase{Dialect::elasticsearch, 400, "application/json", "X-Elastic-Product: Elasticsearch\r\n",
                  R"({"error":{"type":"illegal_argument_exception","reason":"it is broken, at byte 7",)"
                  R"("root_cause":[{"type":"illegal_argument_exception","reason":"it is broken, at byte 7"}]},)"
                  R"("status":400})"},
      ProblemCase{Dialect::datadog, 400, "application/json", "",
                  R"({"errors":[{"status":"400","title":"Bad Request","detail":"it is broken, at byte 7"}]})"},
      ProblemCase{Dialect::firehose, 400, "application/json", "",
                  R"({"requestId":"r-1","timestamp":5,"errorMessage":"it is broken, at byte 7"})"},
  };
  for (const ProblemCase& expected : cases) {
    SCOPED_TRACE(static_cast<int>(expected.dialect));
    const Reply reply = problem_reply({expected.dialect, "r-1", 5}, body_problem(DecodeErrorCode::invalid_body, 2));
    EXPECT_EQ(reply.status, expected.status);
    EXPECT_EQ(reply.content_type, expected.type);
    EXPECT_EQ(reply.headers, expected.headers);
    EXPECT_EQ(reply.body, expected.body);
  }
  for (const Dialect as_packet : {Dialect::gelf, Dialect::logplex, Dialect::events}) {
    EXPECT_EQ(problem_reply({as_packet}, body_problem(DecodeErrorCode::invalid_body, 2)).body, cases[0].body);
  }
}

TEST(Dialects, HecHasItsCodes) {
  const auto code_of = [](const Problem& problem) {
    const Reply reply = problem_reply({Dialect::hec}, problem);
    return std::pair(reply.status, json::parse(reply.body)["code"].get<int>());
  };
  EXPECT_EQ(code_of(body_problem(DecodeErrorCode::no_data, 0)), std::pair(400u, 5));
  EXPECT_EQ(code_of(body_problem(DecodeErrorCode::invalid_body, 0)), std::pair(400u, 6));
  EXPECT_EQ(code_of({503, "no room"}), std::pair(503u, 9));
  EXPECT_EQ(code_of(body_problem(DecodeErrorCode::event_missing, 3)), std::pair(400u, 12));
  EXPECT_EQ(code_of(body_problem(DecodeErrorCode::event_blank, 3)), std::pair(400u, 13));
  EXPECT_EQ(code_of({413, "too large"}), std::pair(413u, 6));
  const auto body = json::parse(problem_reply({Dialect::hec}, body_problem(DecodeErrorCode::event_missing, 3)).body);
  EXPECT_EQ(body["invalid-event-number"], 3);
  const auto empty = json::parse(problem_reply({Dialect::hec}, body_problem(DecodeErrorCode::no_data, 0)).body);
  EXPECT_FALSE(empty.contains("invalid-event-number"));
}

TEST(Dialects, SayNoRoomAs503) {
  for (const Dialect dialect : {Dialect::packet, Dialect::otlp_json, Dialect::otlp_protobuf, Dialect::loki,
                                Dialect::hec, Dialect::elasticsearch, Dialect::datadog, Dialect::gelf,
                                Dialect::firehose, Dialect::logplex, Dialect::events}) {
    const Reply reply = problem_reply({dialect, "id", 1}, {503, "no room"});
    EXPECT_EQ(reply.status, 503u) << static_cast<int>(dialect);
    EXPECT_FALSE(reply.body.empty());
  }
  EXPECT_EQ(problem_reply({Dialect::otlp_protobuf}, {503, "no room"}).body, "\x08\x0e\x12\x07no room");
}

TEST(Dialects, LokiClientsDoNotRepeatADeadLetter) {
  EXPECT_EQ(problem_reply({Dialect::loki}, {422, "nobody takes it"}).status, 400u);
  EXPECT_EQ(problem_reply({Dialect::otlp_json}, {422, "nobody takes it"}).status, 422u);
}

TEST(Dialects, AnswerInUtf8WhateverWasQuoted) {
  for (const Dialect dialect :
       {Dialect::packet, Dialect::otlp_json, Dialect::hec, Dialect::elasticsearch, Dialect::datadog}) {
    const Reply reply = problem_reply({dialect}, {400, "bad \xff\xfe"});
    EXPECT_TRUE(json::accept(reply.body)) << reply.body;
  }
  EXPECT_EQ(problem_reply({Dialect::otlp_protobuf}, {400, "bad \xff"}).body,
            "\x08\x03\x12\x05"
            "bad ?");
}

TEST(Canned, AnswersAreJsonWithTheProductsName) {
  for (const Canned canned :
       {Canned::elastic_info, Canned::elastic_license, Canned::elastic_xpack, Canned::elastic_health,
        Canned::elastic_nodes, Canned::elastic_found, Canned::elastic_acknowledged, Canned::elastic_refreshed}) {
    const Reply reply = canned_reply(canned, false);
    EXPECT_EQ(reply.status, 200u);
    EXPECT_EQ(reply.headers, "X-Elastic-Product: Elasticsearch\r\n");
    EXPECT_TRUE(json::accept(reply.body)) << reply.body;
  }
  EXPECT_EQ(json::parse(canned_reply(Canned::elastic_info, true).body)["tagline"], "You Know, for Search");
}

TEST(Canned, HealthIsReadiness) {
  EXPECT_EQ(canned_reply(Canned::hec_health, true).body, R"({"text":"HEC is healthy","code":17})");
  EXPECT_EQ(canned_reply(Canned::hec_health, false).status, 503u);
  EXPECT_EQ(json::parse(canned_reply(Canned::hec_health, false).body)["code"], 18);
  EXPECT_EQ(canned_reply(Canned::loki_ready, true).body, "ready\n");
  EXPECT_EQ(canned_reply(Canned::loki_ready, false).status, 503u);
  EXPECT_EQ(json::parse(canned_reply(Canned::hec_ack, true).body)["code"], 14);
  EXPECT_EQ(canned_reply(Canned::datadog_validate, true).body, R"({"valid":true})");
}

}  // namespace
}  // namespace logdist::ingest
