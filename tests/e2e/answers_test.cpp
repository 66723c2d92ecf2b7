// The table of answers, row by row, as an agent sees it on the wire.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <optional>

#include "tests/e2e/checks.hpp"

namespace logdist::e2e {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view json_type = "Content-Type: application/json\r\n";

/// A POST to the packet path as its bytes; the connection ends with its answer.
std::string post(std::string_view body, std::string_view headers = json_type) {
  return fmt::format("POST /v1/packets HTTP/1.1\r\nHost: t\r\nConnection: close\r\n{}Content-Length: {}\r\n\r\n{}",
                     headers, body.size(), body);
}

std::string request(std::string_view line, std::string_view headers = "") {
  return fmt::format("{} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n{}\r\n", line, headers);
}

/// All that comes back, to the end of the connection.
std::string converse(const std::string& url, const std::string& bytes) {
  test::RawSocket socket(url);
  socket.send(bytes);
  return socket.read_to_end().value_or("the connection was not closed");
}

std::string body_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

class Answers : public testing::Test {
 protected:
  std::string ask(const std::string& bytes) { return converse(daemon_.packet_url(), bytes); }

  void expect_taken(const std::string& bytes, const std::string& body) {
    SCOPED_TRACE(bytes.substr(0, 300));
    const std::string answer = ask(bytes);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 202 Accepted\r\n"));
    EXPECT_EQ(body_of(answer), body);
    ++taken_;
  }

  /// The problem that the answer describes.
  nlohmann::json expect_problem(const std::string& bytes, unsigned status) {
    SCOPED_TRACE(bytes.substr(0, 300));
    const std::string answer = ask(bytes);
    EXPECT_THAT(answer, StartsWith(fmt::format("HTTP/1.1 {} ", status)));
    EXPECT_THAT(answer, HasSubstr("Content-Type: application/problem+json\r\n"));
    auto problem = nlohmann::json::parse(body_of(answer), nullptr, false);
    if (!problem.is_object()) {
      ADD_FAILURE() << answer;
      return nlohmann::json::object();
    }
    EXPECT_EQ(problem["status"], status);
    EXPECT_FALSE(problem["title"].get<std::string>().empty());
    EXPECT_FALSE(problem["detail"].get<std::string>().empty());
    return problem;
  }

  /// What was taken has arrived, and only that.
  ~Answers() override {
    EXPECT_TRUE(daemon_.await_delivered(taken_));
    EXPECT_EQ(analyzers_.packets(), taken_);
    EXPECT_EQ(daemon_.metrics().imbalance(), "");
    daemon_.expect_clean_end();
  }

  Analyzers analyzers_;
  DaemonProcess daemon_{{{"ANALYZERS", analyzers_.setting()}, {"SERVER__MAX_BODY", "100KiB"}}};
  std::size_t taken_ = 0;
};

TEST_F(Answers, PacketsInEveryFormAre202) {
  expect_taken(post(R"({"packet_id":"one","agent_id":"x","messages":["a",{"b":[1]}],"more":null})"),
               R"({"packet_id":"one","messages":2})");
  expect_taken(post(R"(["a","b",{}])", "Content-Type: application/json; charset=utf-8\r\nIdempotency-Key: two\r\n"),
               R"({"packet_id":"two","messages":3})");
  expect_taken(post("{\"a\":1}\n\n\"b\"\r\n[]", "Content-Type: application/x-ndjson\r\nIdempotency-Key: three\r\n"),
               R"({"packet_id":"three","messages":3})");
  expect_taken(request("POST /v1/packets",
                       "Content-Type: application/json\r\nIdempotency-Key: four\r\n"
                       "Transfer-Encoding: chunked\r\n") +
                   "3\r\n[\"a\r\n5;x=y\r\n\",{}]\r\n0\r\nTrailer: t\r\n\r\n",
               R"({"packet_id":"four","messages":2})");
  expect_taken(
      "POST /v1/packets HTTP/1.0\r\nContent-Type: application/json\r\nIdempotency-Key: five\r\n"
      "Content-Length: 5\r\n\r\n[\"a\"]",
      R"({"packet_id":"five","messages":1})");
  // The same id again is a new packet; the body's beats the header's.
  expect_taken(
      post(R"({"packet_id":"one","messages":["a"]})", "Content-Type: application/json\r\nIdempotency-Key: six\r\n"),
      R"({"packet_id":"one","messages":1})");
  const std::string answer = ask(post(R"(["a"])"));
  ++taken_;
  EXPECT_THAT(body_of(answer),
              ContainsRegex("\\{\"packet_id\":\"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]+\",\"messages\":1\\}"));
}

TEST_F(Answers, WhatIsNoPacketIs400) {
  EXPECT_THAT(expect_problem(post(R"({"messages":["a",}]})"), 400)["detail"].get<std::string>(),
              ContainsRegex("at byte [0-9]+"));
  for (const std::string body :
       {"", "null", "{}", "[]", R"({"messages":[]})", R"({"messages":"a"})", R"({"messages":[1]})",
        R"({"messages":["a"],"messages":["b"]})", R"({"packet_id":"a","packet_id":"a","messages":["b"]})",
        R"({"packet_id":"a b","messages":["b"]})", R"({"packet_id":"","messages":["b"]})", "[\"\xff\"]"}) {
    expect_problem(post(body), 400);
  }
  expect_problem(post("[" + std::string(65, '[') + std::string(65, ']') + "]"), 400);
  expect_problem(post(fmt::format(R"({{"packet_id":"{}","messages":["b"]}})", std::string(129, 'x'))), 400);
  expect_problem(post("[\"a\"]", "Content-Type: application/json\r\nIdempotency-Key: a b\r\n"), 400);
  expect_problem(post("{\"a\":1}\n{\n", "Content-Type: application/x-ndjson\r\n"), 400);
}

TEST_F(Answers, MalformedHttpIs400) {
  expect_problem("hello\r\n\r\n", 400);
  expect_problem("POST /v1/packets HTTP/1.1\r\nHost t\r\n\r\n", 400);
  expect_problem("POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n[\"a\"]", 400);
  expect_problem(
      "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
  expect_problem(
      request("POST /v1/packets", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n") + "no length\r\n",
      400);
}

TEST_F(Answers, TheRestIsAsHttpSays) {
  expect_problem(request("GET /v1/packet"), 404);
  expect_problem(request("GET /v1/packets"), 405);
  EXPECT_THAT(ask(request("DELETE /v1/packets")), HasSubstr("Allow: POST\r\n"));
  const std::string head = ask(request("HEAD /v1/packets"));
  EXPECT_THAT(head, StartsWith("HTTP/1.1 405 "));
  EXPECT_EQ(body_of(head), "");
  expect_problem(request("POST /v1/packets", json_type), 411);
  expect_problem(request("POST /v1/packets", "Content-Type: application/json\r\nContent-Length: 102401\r\n"), 413);
  expect_problem(
      request("POST /v1/packets", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n") + "19001\r\n",
      413);
  expect_problem(post("[\"a\"]", ""), 415);
  expect_problem(post("[\"a\"]", "Content-Type: text/plain\r\n"), 415);
  expect_problem(post("[\"a\"]", "Content-Type: application/json\r\nContent-Encoding: br\r\n"), 415);
  expect_problem(request("POST /v1/packets", "X: " + std::string(20'000, 'x') + "\r\n"), 431);
}

TEST_F(Answers, PipelinedRequestsAreAnsweredInOrderAndTheConnectionIsKept) {
  std::string requests;
  for (const std::string id : {"first", "second", "third"}) {
    const std::string body = fmt::format(R"({{"packet_id":"{}","messages":["a"]}})", id);
    requests += fmt::format("POST /v1/packets HTTP/1.1\r\nHost: t\r\n{}Content-Length: {}\r\n\r\n{}", json_type,
                            body.size(), body);
  }
  test::RawSocket socket(daemon_.packet_url());
  socket.send(requests);
  for (const std::string id : {"first", "second", "third"}) {
    EXPECT_THAT(socket.read_until("}"), HasSubstr(id));
    ++taken_;
  }
}

TEST_F(Answers, AnExpectationIsMet) {
  test::RawSocket socket(daemon_.packet_url());
  socket.send(
      "POST /v1/packets HTTP/1.1\r\nHost: t\r\nConnection: close\r\nExpect: 100-continue\r\n"
      "Content-Type: application/json\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(socket.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.send("[\"a\"]");
  EXPECT_THAT(socket.read_to_end().value_or(""), StartsWith("HTTP/1.1 202 "));
  ++taken_;
}

TEST(SlowAgents, Are408AndClosed) {
  Analyzers analyzers;
  DaemonProcess daemon({{"ANALYZERS", analyzers.setting()},
                        {"SERVER__HEADER_TIMEOUT", "200ms"},
                        {"SERVER__BODY_TIMEOUT", "200ms"},
                        {"SERVER__IDLE_TIMEOUT", "200ms"}});
  EXPECT_THAT(converse(daemon.packet_url(), "POST /v1/pack"), StartsWith("HTTP/1.1 408 "));
  const std::string whole = post("[\"a\"]");
  EXPECT_THAT(converse(daemon.packet_url(), whole.substr(0, whole.size() - 2)), StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(converse(daemon.packet_url(), ""), "") << "idle: closed in silence";
  EXPECT_EQ(daemon.metrics().sum("logdist_packets_rejected_total", R"(reason="timeout")"), 2);
  daemon.expect_clean_end();
}

TEST(ProxyHeader, MayComeInOnePieceWithTheRequest) {
  DaemonProcess daemon({{"ANALYZERS", "a=http://127.0.0.1:9/"},
                        {"SERVER__PROXY_PROTOCOL", "true"},
                        {"SERVER__TRUSTED_PROXIES", "127.0.0.1"}});
  test::RawSocket proxy(daemon.packet_url());
  proxy.send("PROXY TCP4 192.0.2.1 192.0.2.2 1111 80\r\nGET /healthz HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_THAT(proxy.read_until("\r\n"), testing::StartsWith("HTTP/1.1 200 "));
}

TEST(TooManyConnections, Are503WithRetryAfterAndClosed) {
  Analyzers analyzers;
  DaemonProcess daemon({{"ANALYZERS", analyzers.setting()}, {"SERVER__MAX_CONNECTIONS", "2"}});
  std::optional<test::RawSocket> first(daemon.packet_url());
  test::RawSocket second(daemon.packet_url());
  first->send("POST /v1/pack");  // neither is idle: nobody makes room
  second.send("POST /v1/pack");
  ASSERT_TRUE(daemon.await([](const auto& status) { return status["connections"] == 2; }));
  test::RawSocket third(daemon.packet_url());
  const std::string answer = third.read_to_end().value_or("");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer, ContainsRegex("Retry-After: [0-9]+\r\n"));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  first.reset();
  ASSERT_TRUE(daemon.await([](const auto& status) { return status["connections"] == 1; }));
  EXPECT_THAT(converse(daemon.packet_url(), post("[\"a\"]")), StartsWith("HTTP/1.1 202 "));
  ASSERT_TRUE(daemon.await_delivered(1));
  daemon.expect_clean_end();
}

}  // namespace
}  // namespace logdist::e2e
