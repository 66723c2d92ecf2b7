// delivery.ack: delivered with an analyzer that speaks the agent's protocol: the agent gets its answer.
#include <gmock/gmock.h>

#include "tests/e2e/checks.hpp"
#include "tests/e2e/raw_analyzer.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

using testing::HasSubstr;

std::string answer_with(const std::string& body, const std::string& headers = {}) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.test+json\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class RelayedAnswer : public testing::Test {
 protected:
  Settings settings(const std::string& more = " forward=native") const {
    return {{"ANALYZERS", "a=" + analyzer_.url() + "/ weight=1" + more}, {"DELIVERY__ACK", "delivered"}};
  }
  void behave(const std::string& answer, Manner::Then then = Manner::Then::go_on) {
    Manner manner;
    manner.answer = answer;
    manner.then = then;
    manner.spares_probes = true;
    analyzer_.behave(manner);
  }
  static void expect_ours(const test::HttpReply& reply) {
    EXPECT_EQ(reply.status, 200u);
    EXPECT_EQ(reply.body, R"({"took":0,"errors":false,"items":[{"index":{"_index":"","status":201}}]})");
  }

  const test::TemporaryFolder folder_;
  RawAnalyzer analyzer_{folder_.file("journal")};
  const std::string bulk_ = "{\"index\":{}}\n{\"a\":1}\n";
};

TEST_F(RelayedAnswer, IsTheAnalyzersOwn) {
  const std::string body = R"({"errors":true,"items":[{"index":{"status":400,"error":{"type":"mapper"}}}]})";
  behave(answer_with(body));
  DaemonProcess daemon(settings());
  test::HttpClient client(daemon.packet_url());
  const test::HttpReply reply = client.post("/_bulk", bulk_);
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.body, body);
  EXPECT_EQ(reply.header("content-type"), "application/vnd.test+json");
  EXPECT_EQ(reply.header("x-elastic-product"), "Elasticsearch");
  const Samples samples = daemon.metrics();
  EXPECT_EQ(samples.packets("delivered"), 1);
  EXPECT_EQ(samples.value(R"(logdist_messages_refused_total{analyzer="a"})"), 1);
  EXPECT_EQ(samples.imbalance(), "");
  daemon.expect_clean_end();
}

/// What follows a head of success can cost the answer, never the packet.
TEST_F(RelayedAnswer, IsOursWhenTheAnalyzersCannotBePassedOn) {
  behave(answer_with(std::string(5'000, 'x')));
  DaemonProcess daemon(settings());
  test::HttpClient client(daemon.packet_url());
  expect_ours(client.post("/_bulk", bulk_));
  behave("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", Manner::Then::close);
  expect_ours(client.post("/_bulk", bulk_));
  behave("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n");
  expect_ours(client.post("/_bulk", bulk_));
  const Samples samples = daemon.metrics();
  EXPECT_EQ(samples.packets("delivered"), 3);
  EXPECT_EQ(samples.attempts("a", "delivered"), 3);
  EXPECT_EQ(samples.imbalance(), "");
  daemon.expect_clean_end();
}

TEST_F(RelayedAnswer, IsOfNativeAnalyzersOnly) {
  behave(answer_with("{}"));
  DaemonProcess daemon(settings(""));
  test::HttpClient client(daemon.packet_url());
  expect_ours(client.post("/_bulk", bulk_));
  daemon.expect_clean_end();
}

TEST_F(RelayedAnswer, ARefusalIsADeadLetterAndOurs) {
  behave("HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}");
  DaemonProcess daemon(settings());
  test::HttpClient client(daemon.packet_url());
  const test::HttpReply reply = client.post("/_bulk", bulk_);
  EXPECT_EQ(reply.status, 422u);
  EXPECT_THAT(reply.body, HasSubstr("dead letter"));
  daemon.expect_clean_end();
}

}  // namespace
}  // namespace logdist::e2e
