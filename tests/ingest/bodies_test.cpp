// The bodies of each protocol over a real connection: counted, passed on as they came, answered in its own words.
#include <thread>

#include "bodies.hpp"

namespace logdist::ingest::test {
namespace {

TEST_F(Bodies, Otlp) {
  const auto [answer, seen] = take(sent_to("/v1/logs", as_protobuf, otlp_logs(3)));
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.header("content-type"), "application/x-protobuf");
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(seen.messages, 3u);
  EXPECT_EQ(seen.protocol, Protocol::otlp);
  EXPECT_EQ(seen.body, otlp_logs(3));
  EXPECT_EQ(seen.headers, "Content-Type: application/x-protobuf\r\nPacket-Format: otlp\r\nPacket-Target: /v1/logs\r\n");
  const std::string one = R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}},{}]}]}]})";
  const auto in_json = take(sent_to("/v1/logs", as_json, one));
  EXPECT_EQ(in_json.answer.status, 200u);
  EXPECT_EQ(in_json.answer.header("content-type"), "application/json");
  EXPECT_EQ(in_json.answer.body, "{}");
  EXPECT_EQ(in_json.seen.messages, 2u);
  const auto coded = take(sent_to("/v1/logs", std::string(as_protobuf) + "Content-Encoding: gzip\r\n",
                                  compress(ContentCoding::gzip, otlp_logs(2))));
  EXPECT_EQ(coded.seen.messages, 2u);
}

TEST_F(Bodies, OtlpErrorsAreInTheEncodingOfTheRequest) {
  const Answer in_json = refused(sent_to("/v1/logs", as_json, "{\"resourceLogs\":1}"), 400);
  EXPECT_EQ(in_json.header("content-type"), "application/json");
  EXPECT_EQ(json::parse(in_json.body)["code"], 3);
  const Answer in_protobuf = refused(sent_to("/v1/logs", as_protobuf, "\x0a\x7f"), 400);
  EXPECT_EQ(in_protobuf.header("content-type"), "application/x-protobuf");
  EXPECT_EQ(in_protobuf.body.substr(0, 3), "\x08\x03\x12");
  EXPECT_EQ(refused(sent_to("/v1/logs", "Content-Type: text/plain\r\n", "{}"), 415).header("allow"), "");
}

TEST_F(Bodies, ThatAreEmptyAreASuccessWhereTheirProtocolSaysSo) {
  const std::pair<std::string, unsigned> empty[] = {
      {sent_to("/v1/logs", as_protobuf, ""), 200},
      {sent_to("/v1/logs", as_json, "{}"), 200},
      {sent_to("/loki/api/v1/push", as_protobuf, ""), 204},
      {sent_to("/loki/api/v1/push", as_json, R"({"streams":[]})"), 204},
      {sent_to("/api/v2/logs", as_json, "{}"), 202},
      {sent_to("/firehose", as_json, R"({"requestId":"r","timestamp":1,"records":[]})"), 200},
      {sent_to("/v1/packets", "Content-Type: application/cloudevents-batch+json\r\n", "[]"), 202},
  };
  for (const auto& [request, status] : empty) {
    EXPECT_EQ(ask(request).status, status) << request;
  }
  EXPECT_EQ(admitted(), 0u);
  refused(sent_to("/_bulk", as_json, ""), 400);
  refused(sent_to("/gelf", as_json, ""), 400);
  refused(sent_to("/v1/events", as_json, ""), 400);
  refused(sent_to("/logplex", "", ""), 400);
  EXPECT_EQ(json::parse(refused(sent_to("/services/collector", "", ""), 400).body)["code"], 5);
  EXPECT_EQ(json::parse(refused(sent_to("/services/collector/raw", "", ""), 400).body)["code"], 5);
}

TEST_F(Bodies, Loki) {
  const std::string push = R"({"streams":[{"stream":{"a":"b"},"values":[["1","x"],["2","y",{"trace":"1"}]]}]})";
  const auto in_json = take(sent_to("/loki/api/v1/push", std::string(as_json) + "X-Scope-OrgID: t1\r\n", push));
  EXPECT_EQ(in_json.answer.status, 204u);
  EXPECT_EQ(in_json.answer.header("content-length"), "");
  EXPECT_EQ(in_json.seen.messages, 2u);
  EXPECT_THAT(in_json.seen.headers, HasSubstr("X-Scope-OrgID: t1\r\n"));
  const std::string block = compress(ContentCoding::snappy, loki_push(3));
  for (const std::string encoding : {"", "Content-Encoding: snappy\r\n"}) {
    const auto taken = take(sent_to("/loki/api/v1/push", std::string(as_protobuf) + encoding, block));
    EXPECT_EQ(taken.answer.status, 204u) << taken.answer.body;
    EXPECT_EQ(taken.seen.messages, 3u);
    EXPECT_EQ(taken.seen.body, block);
    const bool is_named = taken.seen.headers.find("Content-Encoding: snappy\r\n") != std::string::npos;
    EXPECT_EQ(is_named, !encoding.empty()) << "as it came";
  }
  const Answer wrong = refused(sent_to("/loki/api/v1/push", as_protobuf, "no snappy"), 400);
  EXPECT_EQ(wrong.header("content-type"), "text/plain; charset=utf-8");
}

TEST_F(Bodies, HecEvents) {
  const std::string events = R"({"event":"a"}{"time":"1.5","event":{"k":1}})";
  for (const std::string path : {"/services/collector", "/services/collector/event", "/services/collector/event/1.0"}) {
    for (const std::string_view type : {std::string_view(), as_form, as_json}) {
      const auto taken = take(sent_to(path, type, events));
      EXPECT_EQ(taken.answer.status, 200u);
      EXPECT_EQ(taken.answer.body, R"({"text":"Success","code":0})");
      EXPECT_EQ(taken.seen.messages, 2u);
      EXPECT_EQ(taken.seen.protocol, Protocol::hec_event);
      EXPECT_THAT(taken.seen.headers, HasSubstr("Packet-Format: hec-event\r\nPacket-Target: " + path + "\r\n"));
    }
  }
  const auto body_of = [this](std::string_view body) {
    return json::parse(refused(sent_to("/services/collector", "", body), 400).body);
  };
  EXPECT_EQ(body_of(R"({"event":"a"}{"time":1})")["code"], 12);
  EXPECT_EQ(body_of(R"({"event":"a"}{"time":1})")["invalid-event-number"], 1);
  EXPECT_EQ(body_of(R"({"event":""})")["code"], 13);
  EXPECT_EQ(body_of(R"({"event":"a"}{)")["code"], 6);
}

TEST_F(Bodies, HecRawGoesWithItsQueryButNotWithItsToken) {
  const auto [answer, seen] =
      take(sent_to("/services/collector/raw?token=secret&host=h&source=s",
                   "Authorization: Splunk T\r\nX-Splunk-Request-Channel: c-1\r\n", "one\r\n\r\ntwo\nthree"));
  EXPECT_EQ(answer.body, R"({"text":"Success","code":0})");
  EXPECT_EQ(seen.messages, 3u);
  EXPECT_EQ(seen.headers,
            "Packet-Format: hec-raw\r\nPacket-Target: /services/collector/raw?host=h&source=s\r\n"
            "X-Splunk-Request-Channel: c-1\r\n");
}

TEST_F(Bodies, BulkIsAnsweredActionByAction) {
  const std::string actions =
      "{\"index\":{\"_index\":\"a\"}}\n{\"m\":1}\n{\"create\":{}}\n{\"m\":2}\n{\"delete\":{\"_id\":\"1\"}}\n";
  for (const std::string method : {"POST", "PUT"}) {
    for (const std::string path : {"/_bulk", "/logs/_bulk?pipeline=p"}) {
      const auto taken = take(sent_to(path, as_json, actions, method));
      EXPECT_EQ(taken.answer.status, 200u);
      EXPECT_EQ(taken.answer.header("x-elastic-product"), "Elasticsearch");
      EXPECT_EQ(
          taken.answer.body,
          R"({"took":0,"errors":false,"items":[{"index":{"_index":"","status":201}},{"create":{"_index":"","status":201}},)"
          R"({"delete":{"_index":"","status":201}}]})");
      EXPECT_EQ(taken.seen.messages, 3u);
      EXPECT_THAT(taken.seen.headers, HasSubstr("Packet-Target: " + path + "\r\n"));
    }
  }
  const std::string coded = compress(ContentCoding::gzip, actions);
  const auto taken = take(sent_to("/_bulk", "Content-Type: application/x-ndjson\r\nContent-Encoding: gzip\r\n", coded));
  EXPECT_EQ(json::parse(taken.answer.body)["items"].size(), 3u);
  const Answer wrong = refused(sent_to("/_bulk", as_json, "{\"index\":{}}\n"), 400);
  EXPECT_EQ(wrong.header("content-type"), "application/json");
  EXPECT_EQ(json::parse(wrong.body)["status"], 400);
  EXPECT_EQ(ask("GET /_bulk HTTP/1.1\r\nHost: t\r\n\r\n").header("allow"), "POST, PUT");
}

TEST_F(Bodies, ALongBulkAnswerIsReservedUntilItIsRead) {
  constexpr std::size_t count = 100'000;
  std::string actions;
  for (std::size_t i = 0; i < count; ++i) actions += "{\"delete\":{}}\n";
  // More than the kernel holds for an agent that does not read.
  constexpr int requests = 4;
  Client slow(port_.endpoint(), 4096);
  std::thread sender([&] {
    for (int i = 0; i < requests; ++i) slow.try_send(sent_to("/_bulk", as_json, actions));
  });
  EXPECT_TRUE(port_.eventually([this] { return port_.sessions().busy_count() == 1 && is_held(count * 20); }))
      << "nobody reads it";
  for (int i = 0; i < requests; ++i) {
    const auto answer = slow.read();
    ASSERT_TRUE(answer);
    EXPECT_EQ(json::parse(answer->body)["items"].size(), count);
  }
  sender.join();
  EXPECT_TRUE(port_.eventually([this] { return port_.memory().held_bytes() == 0; }));
  slow.send(post(small_body));
  EXPECT_EQ(slow.read()->status, 202u) << "the connection goes on";
}

TEST_F(Bodies, BulksInARowAreAnsweredInOrder) {
  const std::string one = sent_to("/_bulk", as_json, "{\"delete\":{}}\n");
  client_.send(one + post(small_body) + one);
  EXPECT_EQ(client_.read()->header("x-elastic-product"), "Elasticsearch");
  EXPECT_EQ(client_.read()->status, 202u);
  EXPECT_EQ(client_.read()->header("x-elastic-product"), "Elasticsearch");
}

TEST_F(Bodies, Datadog) {
  const auto [answer, seen] = take(sent_to("/api/v2/logs?ddtags=a&dd-api-key=K",
                                           std::string(as_json) + "DD-API-KEY: K\r\n", R"([{"message":"a"},{}])"));
  EXPECT_EQ(answer.status, 202u);
  EXPECT_EQ(answer.body, "{}");
  EXPECT_EQ(seen.messages, 2u);
  EXPECT_THAT(seen.headers, HasSubstr("Packet-Target: /api/v2/logs?ddtags=a\r\n"));
  EXPECT_THAT(seen.headers, Not(HasSubstr("K\r\n")));
  EXPECT_EQ(take(sent_to("/v1/input", as_json, R"({"message":"a"})")).seen.messages, 1u);
  EXPECT_TRUE(json::parse(refused(sent_to("/api/v2/logs", as_json, "[1"), 400).body)["errors"].is_array());
}

TEST_F(Bodies, Gelf) {
  const auto [answer, seen] = take(sent_to("/gelf", "Idempotency-Key: g\r\n",
                                           "{\"version\":\"1.1\",\"host\":\"h\",\"short_message\":\"m\"}\n"
                                           "{\"version\":\"1.1\",\"host\":\"h\",\"short_message\":\"n\"}"));
  EXPECT_EQ(answer.status, 202u);
  EXPECT_EQ(seen.messages, 2u);
  EXPECT_EQ(answer.body, R"({"packet_id":"g","messages":2})");
}

TEST_F(Bodies, FirehoseKeepsTheIdOfTheRequest) {
  const std::string body = R"({"requestId":"r-7","timestamp":1,"records":[{"data":"YQ=="},{"data":"Yg=="}]})";
  const std::string headers =
      std::string(as_json) + "X-Amz-Firehose-Request-Id: r-7\r\nX-Amz-Firehose-Access-Key: secret\r\n";
  const auto [answer, seen] = take(sent_to("/firehose", headers, body));
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(json::parse(answer.body)["requestId"], "r-7");
  EXPECT_TRUE(json::parse(answer.body)["timestamp"].is_number());
  EXPECT_EQ(seen.id, "r-7");
  EXPECT_EQ(seen.messages, 2u);
  EXPECT_THAT(seen.headers, Not(HasSubstr("secret")));
  const Answer wrong = refused(sent_to("/firehose", headers, "{"), 400);
  EXPECT_EQ(json::parse(wrong.body)["requestId"], "r-7");
  EXPECT_TRUE(json::parse(wrong.body).contains("errorMessage"));
}

TEST_F(Bodies, LogplexCountsItsFrames) {
  const std::string frames = "11 <1>1 - - a\n11 <1>1 - - b\n";
  const auto [answer, seen] =
      take(sent_to("/logplex", "Logplex-Msg-Count: 2\r\nLogplex-Frame-Id: f-1\r\nLogplex-Drain-Token: d\r\n", frames));
  EXPECT_EQ(answer.status, 204u);
  EXPECT_EQ(seen.messages, 2u);
  EXPECT_EQ(seen.id, "f-1");
  EXPECT_THAT(seen.headers, HasSubstr("Logplex-Drain-Token: d\r\n"));
  const Answer wrong = refused(sent_to("/logplex", "Logplex-Msg-Count: 3\r\n", frames), 400);
  EXPECT_THAT(json::parse(wrong.body)["detail"].get<std::string>(), HasSubstr("3"));
}

TEST_F(Bodies, EventsOfAnyAppender) {
  const std::tuple<std::string_view, std::string_view, std::uint32_t> bodies[] = {
      {as_json, R"({"level":"warn","message":"m"})", 1},
      {as_json, R"([{"a":1},{"a":2}])", 2},
      {as_json, R"({"logs":[{"a":1},{"a":2},{"a":3}]})", 3},
      {as_json, R"({"a":1}{"a":2})", 2},
      {"Content-Type: application/x-ndjson\r\n", "{\"a\":1}\n{\"a\":2}\n", 2},
      {"Content-Type: text/plain\r\n", "one\ntwo\n", 2},
      {as_form, "name=x&msg=line", 1},
      {"", "one line", 1},
      {"", "{\"a\":1}", 1},
  };
  for (const auto& [type, body, messages] : bodies) {
    const auto taken = take(sent_to("/v1/events", std::string(type) + "Idempotency-Key: e\r\n", body));
    EXPECT_EQ(taken.answer.status, 200u) << body;
    EXPECT_EQ(taken.answer.body, fmt::format(R"({{"packet_id":"e","messages":{}}})", messages)) << body;
    EXPECT_EQ(taken.seen.protocol, Protocol::events);
  }
}

TEST_F(Bodies, CloudEventsAndBytesOnThePathOfPackets) {
  const std::string event = R"({"id":"1","source":"/s","type":"t","specversion":"1.0","data":{"line":1}})";
  const auto one = take(sent_to("/v1/packets", "Content-Type: application/cloudevents+json; charset=utf-8\r\n", event));
  EXPECT_EQ(one.answer.status, 202u);
  EXPECT_EQ(one.seen.messages, 1u);
  const auto batch = take(sent_to("/v1/packets", "Content-Type: application/cloudevents-batch+json\r\nce-x: y\r\n",
                                  "[" + event + "," + event + "]"));
  EXPECT_EQ(batch.seen.messages, 2u);
  EXPECT_THAT(batch.seen.headers, HasSubstr("ce-x: y\r\n"));
  const std::string bytes = "Content-Type: application/octet-stream\r\n";
  EXPECT_EQ(take(sent_to("/v1/packets", bytes, "{\"a\":1}\n{\"a\":2}\n")).seen.messages, 2u);
  EXPECT_EQ(take(sent_to("/v1/packets", bytes, R"(["a","b","c"])")).seen.messages, 3u);
  const std::string coded = compress(ContentCoding::zstd, "{\"a\":1}\n{\"a\":2}\n");
  EXPECT_EQ(take(sent_to("/v1/packets", bytes + "Content-Encoding: zstd\r\n", coded)).seen.messages, 2u);
}

}  // namespace
}  // namespace logdist::ingest::test
