// Every row of the packet port's table of answers, over a real connection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "port.hpp"

namespace logdist::ingest::test {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr std::string_view json_type = "Content-Type: application/json\r\n";

/// Sends one request and checks that the answer is the problem it should be,
/// counted under its reason.
Answer expect_problem(Port& port, std::string_view request, unsigned status, RejectReason reason) {
  SCOPED_TRACE(request.substr(0, 200));
  const std::uint64_t before = port.rejected(reason);
  Client client = port.connect();
  client.send(request);
  const auto answer = client.read();
  if (!answer) {
    ADD_FAILURE() << "no answer";
    return {};
  }
  EXPECT_EQ(answer->status, status);
  EXPECT_EQ(answer->header("content-type"), "application/problem+json");
  const auto body = nlohmann::json::parse(answer->body);
  EXPECT_EQ(body["type"], "about:blank");
  EXPECT_EQ(body["status"], status);
  EXPECT_FALSE(body["title"].get<std::string>().empty());
  EXPECT_FALSE(body["detail"].get<std::string>().empty());
  EXPECT_EQ(port.rejected(reason), before + 1);
  if (answer->header("connection") == "close") {
    EXPECT_TRUE(client.ends());
  } else {
    client.send(post(small_body));
    const auto next = client.read();
    EXPECT_TRUE(next && next->status == 202) << "the connection is kept and in step";
  }
  return *answer;
}

TEST(Answers, AcceptedPacketIsQueued) {
  Port port;
  Client client = port.connect();
  client.send(post(small_body,
                   "Content-Type: application/json; charset=UTF-8\r\ntraceparent: "
                   "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
                   "X-Other: 1\r\nTraceState: v=1\r\nIdempotency-Key: from-header\r\n"));
  const auto answer = client.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 202u);
  EXPECT_EQ(answer->body, R"({"packet_id":"p-1","messages":2})");
  EXPECT_EQ(answer->header("content-type"), "application/json");
  EXPECT_EQ(answer->header("connection"), "");
  EXPECT_THAT(answer->header("date"), MatchesRegex("[A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] [0-9]{4} .* GMT"));
  const auto seen = port.on_loop([&] { return port.sink.admitted.at(0); });
  EXPECT_EQ(seen.body, small_body);
  EXPECT_EQ(seen.id, "p-1");
  EXPECT_EQ(seen.messages, 2u);
  EXPECT_EQ(seen.headers,
            "Content-Type: application/json; charset=UTF-8\r\nPacket-Format: packet\r\ntraceparent: "
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: v=1\r\n");
  const auto counts = port.counts();
  EXPECT_EQ(counts.received_in_all().packets, 1u);
  EXPECT_EQ(counts.received_in_all().messages, 2u);
  EXPECT_EQ(counts.received_in_all().bytes, small_body.size());
  EXPECT_EQ(port.memory().held_bytes(), 0u);
}

TEST(Answers, PacketIdComesFromTheHeaderOrIsMade) {
  Port port;
  Client client = port.connect();
  client.send(post(R"(["a"])", "Content-Type: application/json\r\nIdempotency-Key: k\"\\1\r\n"));
  EXPECT_EQ(client.read()->body, R"({"packet_id":"k\"\\1","messages":1})");
  client.send(post(R"(["a"])"));
  EXPECT_THAT(client.read()->body, MatchesRegex(R"(\{"packet_id":"[0-9a-f]{8}-[0-9a-f]{4}-7.*","messages":1\})"));
  client.send(post(small_body, "Content-Type: application/json\r\nIdempotency-Key: not valid\r\n"));
  EXPECT_EQ(client.read()->status, 202u) << "the body's id beats the header's";
}

TEST(Answers, NdjsonIsTaken) {
  Port port;
  Client client = port.connect();
  client.send(post("{\"a\":1}\n\n{\"a\":2}\n", "Content-Type: Application/X-NDJSON\r\nIdempotency-Key: n\r\n"));
  EXPECT_EQ(client.read()->body, R"({"packet_id":"n","messages":2})");
}

TEST(Answers, BadBodiesAre400WithTheOffset) {
  Port port;
  const auto answer = expect_problem(port, post(R"({"messages":[}])"), 400, RejectReason::invalid_body);
  const auto body = nlohmann::json::parse(answer.body);
  ASSERT_TRUE(body.contains("offset"));
  EXPECT_THAT(body["detail"].get<std::string>(), HasSubstr("at byte " + body["offset"].dump()));
  expect_problem(port, post(""), 400, RejectReason::invalid_body);
  expect_problem(port, post(R"({"messages":[]})"), 400, RejectReason::invalid_body);
  expect_problem(port, post("\"\xff\xfe\""), 400, RejectReason::invalid_body);
  expect_problem(port, post(std::string(70, '[') + std::string(70, ']')), 400, RejectReason::invalid_body);
  expect_problem(port, post(R"({"packet_id":"a b","messages":["a"]})"), 400, RejectReason::invalid_packet_id);
  expect_problem(port, post(R"(["a"])", "Content-Type: application/json\r\nIdempotency-Key: a b\r\n"), 400,
                 RejectReason::invalid_packet_id);
}

TEST(Answers, OtherPathsAre404AndOtherMethods405) {
  Port port;
  expect_problem(port, "GET /other HTTP/1.1\r\nHost: t\r\n\r\n", 404, RejectReason::not_found);
  expect_problem(port, "POST /v1/packets/ HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc", 404,
                 RejectReason::not_found);
  const auto answer =
      expect_problem(port, "GET /v1/packets HTTP/1.1\r\nHost: t\r\n\r\n", 405, RejectReason::method_not_allowed);
  EXPECT_EQ(answer.header("allow"), "POST");
  const auto health = expect_problem(port, "POST /healthz HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc", 405,
                                     RejectReason::method_not_allowed);
  EXPECT_EQ(health.header("allow"), "GET, HEAD");
  expect_problem(port, "CONNECT t:1 HTTP/1.1\r\nHost: t:1\r\n\r\n", 405, RejectReason::method_not_allowed);
}

TEST(Answers, HealthAndOptionsAnswerHere) {
  Port port;
  Client client = port.connect();
  for (const std::string path : {"/healthz", "/health?verbose=1", "http://t/healthz"}) {
    client.send("GET " + path + " HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\n{}");
    const auto answer = client.read();
    ASSERT_TRUE(answer) << path;
    EXPECT_EQ(answer->status, 200u) << path;
    EXPECT_EQ(answer->body, "alive\n") << path;
    client.send("HEAD " + path + " HTTP/1.1\r\nHost: t\r\n\r\n");
    const auto head = client.read(true);
    ASSERT_TRUE(head) << path;
    EXPECT_EQ(head->status, 200u) << path;
    EXPECT_EQ(head->header("content-length"), "6") << path;
  }
  for (const std::string target : {"*", "http://t"}) {
    client.send("OPTIONS " + target + " HTTP/1.1\r\nHost: t\r\n\r\n");
    const auto answer = client.read();
    ASSERT_TRUE(answer) << target;
    EXPECT_EQ(answer->status, 200u);
    EXPECT_EQ(answer->header("allow"), "GET, HEAD, POST, OPTIONS");
    EXPECT_EQ(answer->body, "");
  }
  client.send("GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.read()->status, 200u);
  EXPECT_TRUE(client.ends());
  const auto counts = port.counts();
  EXPECT_EQ(counts.rejected_in_all(), ledger::IngestCounts::Rejected{}) << "they are no packets";
  EXPECT_EQ(counts.received_in_all().packets, 0u);
}

TEST(Answers, HealthAnswersWhileDraining) {
  Port port;
  Client client = port.connect();
  client.send("GET /hea");
  ASSERT_TRUE(port.eventually([&] { return port.sessions().busy_count() == 1; }));
  port.on_loop([&] { port.sessions().begin_drain(); });
  client.send("lthz HTTP/1.1\r\nHost: t\r\n\r\n");
  const auto answer = client.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200u);
  EXPECT_EQ(answer->header("connection"), "close");
}

TEST(Answers, APacketThatHasBeenHereIs508) {
  Port port;
  const std::string type = "Content-Type: application/json\r\n";
  expect_problem(port, post(small_body, type + "Via: 1.0 proxy, 1.1 " + std::string(Port::via_name) + "\r\n"), 508,
                 RejectReason::loop);
  Client client = port.connect();
  client.send(post(small_body, type + "Via: 1.1 log-distributor-ffffffffffffffff\r\n"));
  EXPECT_EQ(client.read()->status, 202u) << "another daemon's";
}

TEST(Answers, TargetsMayHaveAQueryOrBeAbsolute) {
  Port port;
  for (const std::string_view target : {"/v1/packets?source=a", "http://test:8080/v1/packets"}) {
    Client client = port.connect();
    std::string request = post(small_body);
    request.replace(request.find("/v1/packets"), std::string_view("/v1/packets").size(), target);
    client.send(request);
    EXPECT_EQ(client.read()->status, 202u) << target;
  }
}

TEST(Answers, OnlyAValidTraceContextGoesAlong) {
  Port port;
  Client client = port.connect();
  const std::string type = "Content-Type: application/json\r\n";
  const std::string format = "Packet-Format: packet\r\n";
  const std::string parent = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";
  const auto forwarded = [&](const std::string& headers) {
    client.send(post(small_body, type + headers));
    EXPECT_EQ(client.read()->status, 202u);
    return port.on_loop([&] { return port.sink.admitted.back().headers; });
  };
  EXPECT_EQ(forwarded("traceparent: 00-abc\r\ntracestate: a=1\r\n"), type + format);
  EXPECT_EQ(forwarded("tracestate: a=1\r\n"), type + format);
  EXPECT_EQ(forwarded(parent + "tracestate: a=1\r\nTraceState: b=2\r\n"),
            type + format + parent + "tracestate: a=1\r\ntracestate: b=2\r\n");
  EXPECT_EQ(forwarded(parent + "tracestate: a=" + std::string(600, 'x') + "\r\n"), type + format + parent);
}

TEST(Answers, HeadHasNoBody) {
  Port port;
  Client client = port.connect();
  client.send("HEAD /v1/packets HTTP/1.1\r\nHost: t\r\n\r\n");
  const auto answer = client.read(true);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 405u);
  EXPECT_EQ(answer->header("allow"), "POST");
  client.send(post(small_body));
  EXPECT_EQ(client.read()->status, 202u);
}

TEST(Answers, BodiesWithoutLengthAre411) {
  Port port;
  expect_problem(port, "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n\r\n", 411,
                 RejectReason::length_required);
}

TEST(Answers, LargeBodiesAre413AtOnce) {
  config::ServerOptions options;
  options.max_body = 100;
  Port port(options);
  const auto answer = expect_problem(
      port, "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 101\r\n\r\n",
      413, RejectReason::body_too_large);
  EXPECT_EQ(answer.header("connection"), "close");
  const std::string chunked_head =
      "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  expect_problem(port, chunked_head + "65\r\n", 413, RejectReason::body_too_large);
  expect_problem(port, chunked_head + "64\r\n" + std::string(100, 'a') + "\r\n1\r\n", 413,
                 RejectReason::body_too_large);
  EXPECT_EQ(port.memory().held_bytes(), 0u);
}

TEST(Answers, AnAgentThatGoesOnSendingCanReadThe413) {
  config::ServerOptions options;
  options.max_body = 1000;
  Port port(options);
  Client client = port.connect();
  client.try_send(post(std::string(8 << 20, 'x')));
  const auto answer = client.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 413u);
}

TEST(Answers, OtherMediaTypesAndEncodingsAre415) {
  Port port;
  const auto reason = RejectReason::unsupported_media_type;
  expect_problem(port, post(small_body, ""), 415, reason);
  expect_problem(port, post(small_body, "Content-Type: text/plain\r\n"), 415, reason);
  expect_problem(port, post(small_body, "Content-Type: application/jsonx\r\n"), 415, reason);
  expect_problem(port, post(small_body, "Content-Type: application/json; charset=latin1\r\n"), 415, reason);
  expect_problem(port, post(small_body, "Content-Type: application/json\r\nContent-Encoding: br\r\n"), 415, reason);
  expect_problem(port, post(small_body, "Content-Type: application/json; x; charset=latin1\r\n"), 415, reason);
  expect_problem(port, post(small_body, std::string(json_type) + "Content-Encoding: identity, br\r\n"), 415, reason);
  expect_problem(port, post(small_body, "Content-Type: application/json; x=" + std::string(300, 'x') + "\r\n"), 415,
                 reason);
  Client client = port.connect();
  for (const std::string encoding : {"", "identity, identity", "identity\r\nContent-Encoding: "}) {
    client.send(post(small_body, std::string(json_type) + "Content-Encoding: " + encoding + "\r\n"));
    EXPECT_EQ(client.read()->status, 202u) << encoding;
  }
  client.send(
      post(small_body, "content-type: APPLICATION/json ; a=b; charset=\"utf-8\"\r\ncontent-encoding: Identity\r\n"));
  EXPECT_EQ(client.read()->status, 202u);
}

TEST(Answers, LongHeadsAre431) {
  Port port;
  expect_problem(port, post(small_body, std::string(json_type) + "X: " + std::string(17'000, 'x') + "\r\n"), 431,
                 RejectReason::header_too_large);
  expect_problem(port, "GET /" + std::string(17'000, 'x'), 414, RejectReason::header_too_large);
  Client client = port.connect();
  client.send(post(small_body, std::string(json_type) + "X: " + std::string(15'000, 'x') + "\r\n"));
  EXPECT_EQ(client.read()->status, 202u);
}

TEST(Answers, UnknownExpectationsAre417) {
  Port port;
  expect_problem(port, post(small_body, std::string(json_type) + "Expect: wonders\r\n"), 417,
                 RejectReason::malformed_http);
}

TEST(Answers, DrainingIs503AndCloses) {
  Port port;
  Client idle = port.connect();
  idle.send(post(small_body));
  EXPECT_EQ(idle.read()->status, 202u);
  Client begun = port.connect();
  begun.send("POST /v1/pack");
  ASSERT_TRUE(port.eventually([&] { return port.sessions().busy_count() == 1; }));
  port.on_loop([&] { port.sessions().begin_drain(); });
  EXPECT_TRUE(idle.ends());
  begun.send(post(small_body).substr(13));
  const auto answer = begun.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503u);
  EXPECT_EQ(answer->header("connection"), "close");
  const int seconds = std::stoi(answer->header("retry-after"));
  EXPECT_GE(seconds, 1);
  EXPECT_LE(seconds, 60);
  EXPECT_TRUE(begun.ends());
  EXPECT_EQ(port.rejected(RejectReason::draining), 1u);
}

}  // namespace
}  // namespace logdist::ingest::test
