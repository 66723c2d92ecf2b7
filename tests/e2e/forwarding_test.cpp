// What an analyzer is sent, byte for byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "tests/e2e/daemon_process.hpp"

namespace logdist::e2e {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

using Request = http::request<http::string_body>;

/// An analyzer that takes one packet after the other, when it is asked to.
class Catcher {
 public:
  std::string setting() const {
    return "x=http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/analyze?from=test weight=1";
  }

  /// The next packet, which is answered 204, or 200 with a body.
  Request take(const std::string& answer = {}) {
    if (!socket_.is_open()) acceptor_.accept(socket_);
    Request request;
    http::read(socket_, buffer_, request);
    http::response<http::string_body> response(answer.empty() ? http::status::no_content : http::status::ok, 11);
    if (!answer.empty()) {
      response.body() = answer;
      response.prepare_payload();
    }
    http::write(socket_, response);
    return request;
  }

 private:
  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
  asio::ip::tcp::socket socket_{io_};
  boost::beast::flat_buffer buffer_;
};

class Forwarding : public testing::Test {
 protected:
  void expect_forwarded(const Request& request, const std::string& body, const std::string& content_type,
                        const std::string& id, const std::string& messages) {
    EXPECT_EQ(request.method(), http::verb::post);
    EXPECT_EQ(request.target(), "/analyze?from=test");
    EXPECT_EQ(request.body(), body);
    EXPECT_EQ(request[http::field::content_type], content_type);
    EXPECT_EQ(request["Idempotency-Key"], id);
    EXPECT_EQ(request["Packet-Messages"], messages);
    EXPECT_EQ(request[http::field::content_length], std::to_string(body.size()));
    EXPECT_EQ(request.count(http::field::transfer_encoding), 0u);
    EXPECT_THAT(std::string(request[http::field::via]), testing::MatchesRegex("1\\.1 log-distributor-[0-9a-f]+"));
  }

  Catcher catcher_;
  DaemonProcess daemon_{{{"ANALYZERS", catcher_.setting()}, {"HEALTH__PATH", ""}, {"THREADS", "1"}}};
};

TEST_F(Forwarding, BytesAndHeadersOfTheAgent) {
  test::HttpClient agent(daemon_.packet_url());
  const std::string body = "\t{ \"packet_id\" : \"\\u0069\\u0064\", \"messages\": [\"\xc3\xa4\", { }],\"x\":1.50e0 }\n";
  const test::HttpReply reply = agent.post("/v1/packets", body,
                                           {{"Content-Type", "application/json;charset=UTF-8"},
                                            {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                                            {"tracestate", "a=1,b=2"},
                                            {"X-Private", "not for analyzers"}});
  EXPECT_EQ(reply.body, R"({"packet_id":"id","messages":2})");
  const Request request = catcher_.take();
  expect_forwarded(request, body, "application/json;charset=UTF-8", "id", "2");
  EXPECT_EQ(request["traceparent"], "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  EXPECT_EQ(request["tracestate"], "a=1,b=2");
  EXPECT_EQ(request["Packet-Format"], "packet");
  EXPECT_EQ(request.count("Packet-Target"), 0u);
  EXPECT_EQ(request.count("X-Private"), 0u);
  ASSERT_TRUE(daemon_.await_delivered(1));
  daemon_.expect_clean_end();
}

TEST_F(Forwarding, ChunkedLinesAndAnIdMadeHere) {
  test::RawSocket agent(daemon_.packet_url());
  agent.send(
      "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
      "4\r\n{\"a\"\r\n9\r\n:1}\r\n\r\n\"b\r\n2\r\n\"\n\r\n0\r\n\r\n");
  const std::string answer = agent.read_until("}");
  const Request request = catcher_.take();
  const std::string id(request["Idempotency-Key"]);
  EXPECT_EQ(id.size(), 36u);
  EXPECT_NE(answer.find("\"" + id + "\""), std::string::npos) << answer;
  expect_forwarded(request, "{\"a\":1}\r\n\r\n\"b\"\n", "application/x-ndjson", id, "2");
  ASSERT_TRUE(daemon_.await_delivered(1));
  daemon_.expect_clean_end();
}

/// A server of the agents' own protocol gets their requests where they were sent.
TEST(NativeForwarding, KeepsPathAndQueryAndCountsWhatWasNotTaken) {
  Catcher catcher;
  DaemonProcess daemon({{"ANALYZERS", catcher.setting() + " forward=native"}, {"HEALTH__PATH", ""}, {"THREADS", "1"}});
  test::HttpClient agent(daemon.packet_url());
  const std::string body = "{\"index\":{}}\n{\"a\":1}\n{\"create\":{}}\n{\"a\":2}\n";
  EXPECT_EQ(agent.post("/logs/_bulk?pipeline=p&api_key=k", body, {{"Content-Type", "application/json"}}).status, 200u);
  const Request request =
      catcher.take(R"({"errors":true,"items":[{"index":{"status":400}},{"create":{"status":201}}]})");
  EXPECT_EQ(request.target(), "/logs/_bulk?pipeline=p");
  EXPECT_EQ(request.body(), body);
  EXPECT_EQ(request["Packet-Format"], "elasticsearch");
  EXPECT_EQ(request["Packet-Messages"], "2");
  ASSERT_TRUE(daemon.await_delivered(1));
  EXPECT_EQ(daemon.metrics().of("messages_refused_total", "x"), 1);
  EXPECT_EQ(daemon.metrics().of("messages_delivered_total", "x"), 2);
  agent.post("/v1/packets", R"(["a"])", {{"Content-Type", "application/json"}});
  EXPECT_EQ(catcher.take().target(), "/v1/packets");
  ASSERT_TRUE(daemon.await_delivered(2));
  daemon.expect_clean_end();
}

}  // namespace
}  // namespace logdist::e2e
