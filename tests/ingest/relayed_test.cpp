// The analyzer's own answer, for an agent that waits for its delivery.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "port.hpp"

namespace logdist::ingest::test {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view two_bulk_actions = "{\"index\":{}}\n{\"a\":1}\n{\"index\":{}}\n{\"a\":2}\n";

std::string relayed_request(std::string_view path, std::string_view headers, std::string_view body) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: t\r\n{}Content-Length: {}\r\n\r\n{}", path, headers, body.size(), body);
}

class Relayed : public ::testing::Test {
 protected:
  explicit Relayed(const config::ServerOptions& options = {}) : port_(options) {
    port_.on_loop([this] {
      port_.relays = true;
      port_.sink.next_admission = queue::Admission::waiting;
    });
  }
  /// Sends it, and how long an answer is wanted at most.
  std::uint32_t send(const std::string& bytes) {
    client_.send(bytes);
    EXPECT_TRUE(port_.eventually([this] { return port_.sink.waiting.size() == 1; }));
    return port_.on_loop([this] { return port_.sink.waiting.front()->packet.answer_bytes_max; });
  }
  void answer(core::AnalyzerAnswer answer) {
    port_.on_loop([this, &answer] { port_.sink.answer(std::move(answer)); });
  }
  void settle(queue::Settlement settlement) {
    port_.on_loop([this, settlement] { port_.sink.settle(settlement); });
  }
  std::size_t held() {
    return port_.on_loop([this] { return port_.memory().held_bytes(); });
  }
  void expect_nothing_held() {
    EXPECT_TRUE(port_.eventually([this] { return port_.memory().held_bytes() == 0 && port_.sink.out() == 0; }));
  }

  Port port_;
  Client client_ = port_.connect();
};

TEST_F(Relayed, IsGivenAsItCame) {
  EXPECT_EQ(send(relayed_request("/_bulk", "", two_bulk_actions)), 4096u + 2 * 512);
  EXPECT_GT(held(), two_bulk_actions.size() + 4096 + 2 * 512) << "reserved before it is admitted";
  answer({200, "application/vnd.elasticsearch+json", "", R"({"errors":true,"items":[1,2]})"});
  const auto bulk = client_.read();
  ASSERT_TRUE(bulk);
  EXPECT_EQ(bulk->status, 200u);
  EXPECT_EQ(bulk->header("content-type"), "application/vnd.elasticsearch+json");
  EXPECT_EQ(bulk->header("x-elastic-product"), "Elasticsearch");
  EXPECT_EQ(bulk->body, R"({"errors":true,"items":[1,2]})");

  EXPECT_EQ(send(relayed_request("/v1/logs", "Content-Type: application/json\r\n",
                                 R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]})")),
            4096u);
  answer({201, "application/json", "gzip", "\x1f\x8b"});
  const auto otlp = client_.read();
  ASSERT_TRUE(otlp);
  EXPECT_EQ(otlp->status, 201u);
  EXPECT_EQ(otlp->header("content-encoding"), "gzip");
  EXPECT_EQ(otlp->body, "\x1f\x8b");

  send(relayed_request("/loki/api/v1/push", "Content-Type: application/json\r\n",
                       R"({"streams":[{"stream":{"a":"b"},"values":[["1","x"]]}]})"));
  answer({204, "", "", ""});
  const auto loki = client_.read();
  ASSERT_TRUE(loki);
  EXPECT_EQ(loki->status, 204u);
  send(relayed_request("/gelf", "", R"({"version":"1.1","host":"h","short_message":"m"})"));
  answer({202, "", "", ""});
  const auto gelf = client_.read();
  ASSERT_TRUE(gelf);
  EXPECT_EQ(gelf->status, 202u);
  EXPECT_EQ(gelf->headers.count("content-type"), 0u);
  EXPECT_EQ(gelf->header("content-length"), "0");
  expect_nothing_held();
}

TEST_F(Relayed, WithoutOneTheAgentGetsOurs) {
  send(relayed_request("/_bulk", "", two_bulk_actions));
  settle(queue::Settlement::delivered);
  EXPECT_THAT(client_.read()->body, HasSubstr(R"("items":[{"index")"));
  send(relayed_request("/services/collector/event", "", R"({"event":"a"})"));
  settle(queue::Settlement::delivered);
  EXPECT_EQ(client_.read()->body, R"({"text":"Success","code":0})");
  send(relayed_request("/_bulk", "", two_bulk_actions));
  settle(queue::Settlement::handed_back);
  EXPECT_EQ(client_.read()->status, 503u);
  expect_nothing_held();
}

TEST_F(Relayed, NothingIsReservedWhereNobodyIsNative) {
  port_.on_loop([this] { port_.relays = false; });
  const std::string body = R"({"event":"a"})";
  EXPECT_EQ(send(relayed_request("/services/collector/event", "", body)), 0u);
  EXPECT_EQ(held(), body.size());
  settle(queue::Settlement::delivered);
  EXPECT_EQ(client_.read()->status, 200u);
  expect_nothing_held();
}

/// An answer that its agent does not read is held, and counted.
TEST_F(Relayed, IsReservedUntilItIsSent) {
  constexpr std::uint32_t actions = 20'000;
  std::string body;
  for (std::uint32_t i = 0; i < actions; ++i) body += "{\"delete\":{\"_id\":\"1\"}}\n";
  Client slow(port_.endpoint(), 4096);
  slow.send(relayed_request("/_bulk", "", body));
  ASSERT_TRUE(port_.eventually([this] { return port_.sink.waiting.size() == 1; }));
  const std::string items(std::size_t{512} * actions, 'x');
  answer({200, "application/json", "", items});
  EXPECT_EQ(held(), items.size());
  EXPECT_EQ(slow.read()->body, items);
  expect_nothing_held();
}

class RelayedWithAcks : public Relayed {
 protected:
  static config::ServerOptions options() {
    config::ServerOptions options;
    options.acks = true;
    return options;
  }
  RelayedWithAcks() : Relayed(options()) {}
};

TEST_F(RelayedWithAcks, AnAckIdIsOurs) {
  EXPECT_EQ(send(relayed_request("/services/collector/event?channel=c", "", R"({"event":"a"})")), 0u);
  settle(queue::Settlement::delivered);
  EXPECT_EQ(client_.read()->body, R"({"text":"Success","code":0,"ackId":0})");
  EXPECT_EQ(send(relayed_request("/services/collector/event", "", R"({"event":"a"})")), 4096u);
  answer({200, "application/json", "", R"({"text":"Success","code":0})"});
  EXPECT_EQ(client_.read()->status, 200u);
}

}  // namespace
}  // namespace logdist::ingest::test
