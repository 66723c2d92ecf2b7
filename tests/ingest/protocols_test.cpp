// Agents as they are, over a real connection: each protocol's paths, bodies and answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "port.hpp"
#include "tests/support/compress.hpp"

namespace logdist::ingest::test {
namespace {

using core::ContentCoding;
using core::Protocol;
using logdist::test::compress;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

std::string request(std::string_view line, std::string_view headers, std::string_view body) {
  return fmt::format("{} HTTP/1.1\r\nHost: t\r\n{}Content-Length: {}\r\n\r\n{}", line, headers, body.size(), body);
}

std::string get(std::string_view path) { return fmt::format("GET {} HTTP/1.1\r\nHost: t\r\n\r\n", path); }

class Protocols : public ::testing::Test {
 protected:
  Answer ask(const std::string& bytes, bool to_head = false) {
    client_.send(bytes);
    const auto answer = client_.read(to_head);
    if (!answer) throw std::runtime_error("no answer to " + bytes.substr(0, 100));
    return *answer;
  }
  ScriptedSink::Seen last() {
    return port_.on_loop([this] { return port_.sink.admitted.back(); });
  }
  std::size_t admitted() {
    return port_.on_loop([this] { return port_.sink.admitted.size(); });
  }
  /// Nothing is left of what has been asked.
  void expect_nothing_held() {
    EXPECT_TRUE(port_.eventually([this] { return port_.memory().held_bytes() == 0 && port_.sink.out() == 0; }));
  }

  Port port_;
  Client client_ = port_.connect();
};

TEST_F(Protocols, AnUnknownPathIsToldThePathsThereAre) {
  const Answer answer = ask(request("POST /v2/logs", "", "{}"));
  EXPECT_EQ(answer.status, 404u);
  EXPECT_EQ(answer.header("content-type"), "application/problem+json");
  const std::string detail = json::parse(answer.body)["detail"];
  EXPECT_THAT(detail, HasSubstr("/v1/packets"));
  EXPECT_THAT(detail, HasSubstr("/healthz"));
}

TEST_F(Protocols, CanBeSwitchedOff) {
  config::ServerOptions options;
  options.formats = core::ProtocolSet();
  options.formats.add(Protocol::packet);
  Port port(options);
  Client client = port.connect();
  for (const std::string path : {"/", "/_license", "/ready", "/services/collector/health", "/api/v1/validate"}) {
    client.send(get(path));
    const auto answer = client.read();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 404u) << path;
  }
  client.send(post(small_body));
  EXPECT_EQ(client.read()->status, 202u);
}

TEST_F(Protocols, ElasticsearchClientsFindAServerOfTheirs) {
  for (const std::string path :
       {"/", "/_license", "/_xpack", "/_cluster/health", "/_nodes/http", "/_nodes", "/_ilm/policy/filebeat",
        "/_index_template/filebeat-8.19.0", "/_template/x", "/_ingest/pipeline/a", "/?pretty"}) {
    const Answer answer = ask(get(path));
    EXPECT_EQ(answer.status, 200u) << path;
    EXPECT_EQ(answer.header("x-elastic-product"), "Elasticsearch") << path;
    EXPECT_EQ(answer.header("content-type"), "application/json") << path;
    EXPECT_TRUE(json::accept(answer.body)) << path;
    const Answer head = ask(fmt::format("HEAD {} HTTP/1.1\r\nHost: t\r\n\r\n", path), true);
    EXPECT_EQ(head.status, 200u) << path;
    EXPECT_EQ(head.header("x-elastic-product"), "Elasticsearch") << path;
    EXPECT_EQ(head.header("content-length"), std::to_string(answer.body.size())) << path;
  }
  EXPECT_EQ(ask(request("PUT /_index_template/a", "", "{}")).body, R"({"acknowledged":true})");
  // pino-elasticsearch and other bulk helpers end so, and fail where it fails.
  for (const std::string refresh : {"POST /logs/_refresh", "GET /logs/_refresh", "POST /_refresh"}) {
    const Answer refreshed = ask(request(refresh, "", ""));
    EXPECT_EQ(refreshed.body, R"({"_shards":{"total":1,"successful":1,"failed":0}})") << refresh;
    EXPECT_EQ(refreshed.header("x-elastic-product"), "Elasticsearch");
  }
  EXPECT_EQ(ask(request("PUT /_ilm/policy/a", "", "{}")).body, R"({"acknowledged":true})");
  const Answer other_method = ask(request("POST /_license", "", ""));
  EXPECT_EQ(other_method.status, 405u);
  EXPECT_EQ(other_method.header("allow"), "GET, HEAD");
  EXPECT_EQ(other_method.header("x-elastic-product"), "Elasticsearch") << "its clients read no other answer";
}

TEST_F(Protocols, HealthOfTheCollectorIsReadiness) {
  for (const std::string path : {"/services/collector/health", "/services/collector/health/1.0"}) {
    port_.on_loop([this] { port_.sink.ready = true; });
    EXPECT_EQ(ask(get(path)).body, R"({"text":"HEC is healthy","code":17})");
    port_.on_loop([this] { port_.sink.ready = false; });
    const Answer answer = ask(get(path));
    EXPECT_EQ(answer.status, 503u);
    EXPECT_EQ(json::parse(answer.body)["code"], 18);
    EXPECT_EQ(ask(get("/ready")).status, 503u);
  }
  port_.on_loop([this] { port_.sink.ready = true; });
  EXPECT_EQ(ask(get("/ready")).body, "ready\n");
  // Its sink has room, but the daemon is recovering.
  port_.on_loop([this] { port_.daemon_ready = false; });
  EXPECT_EQ(json::parse(ask(get("/services/collector/health")).body)["code"], 18);
  EXPECT_EQ(ask(get("/ready")).status, 503u);
  port_.on_loop([this] { port_.daemon_ready = true; });
  EXPECT_EQ(ask(get("/api/v1/validate")).body, R"({"valid":true})");
  const Answer ack = ask(request("POST /services/collector/ack?channel=c", "", R"({"acks":[0]})"));
  EXPECT_EQ(ack.status, 400u);
  EXPECT_EQ(json::parse(ack.body)["code"], 14);
  EXPECT_EQ(port_.counts().received_in_all().packets, 0u) << "these are no packets";
}

TEST_F(Protocols, OptionsNameTheMethodsOfThePath) {
  const std::pair<std::string, std::string> expected[] = {{"/v1/packets", "POST, OPTIONS"},
                                                          {"/", "GET, HEAD, OPTIONS"},
                                                          {"/_ilm/policy/x", "GET, HEAD, POST, PUT, OPTIONS"}};
  for (const auto& [path, allow] : expected) {
    const Answer answer = ask(fmt::format("OPTIONS {} HTTP/1.1\r\nHost: t\r\n\r\n", path));
    EXPECT_EQ(answer.status, 200u) << path;
    EXPECT_EQ(answer.header("allow"), allow) << path;
  }
}

TEST_F(Protocols, PacketsAreCountedByTheirs) {
  ask(post(small_body));
  EXPECT_EQ(last().protocol, Protocol::packet);
  EXPECT_THAT(last().headers, HasSubstr("Packet-Format: packet\r\n"));
  EXPECT_THAT(last().headers, Not(HasSubstr("Packet-Target")));
  ask(post("{"));
  const ledger::IngestCounts counts = port_.counts();
  const auto packet = static_cast<std::size_t>(Protocol::packet);
  EXPECT_EQ(counts.received[packet].packets, 2u);
  EXPECT_EQ(counts.received[packet].messages, 2u);
  EXPECT_EQ(counts.rejected[packet][static_cast<std::size_t>(RejectReason::invalid_body)], 1u);
  expect_nothing_held();
}

}  // namespace
}  // namespace logdist::ingest::test
