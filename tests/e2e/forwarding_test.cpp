// What an analyzer is sent, byte for byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "logdist/base/base64.hpp"
#include "tests/e2e/checks.hpp"
#include "tests/e2e/daemon_process.hpp"
#include "tests/support/compress.hpp"
#include "tests/support/temporary_folder.hpp"

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

  /// The next packet, which is answered 204, or 200 with a body, or as refused.
  Request take(const std::string& answer = {}, bool refuses = false) {
    if (!socket_.is_open()) acceptor_.accept(socket_);
    Request request;
    http::read(socket_, buffer_, request);
    http::response<http::string_body> response(answer.empty() ? http::status::no_content : http::status::ok, 11);
    if (refuses) response.result(http::status::bad_request);
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

/// An analyzer that takes plain bodies.
class PlainForwarding : public testing::Test {
 protected:
  static Settings settings(const Catcher& catcher, const std::string& more = {}) {
    return {{"ANALYZERS", catcher.setting() + " decompress=true" + more}, {"HEALTH__PATH", ""}, {"THREADS", "1"}};
  }
  static void expect_plain(const Request& request, const std::string& body) {
    EXPECT_EQ(request.body(), body);
    EXPECT_EQ(request[http::field::content_length], std::to_string(body.size()));
    EXPECT_EQ(request.count(http::field::content_encoding), 0u);
    EXPECT_EQ(request["Packet-Messages"], "2");
  }

  const std::string lines_ = "{\"a\":1}\n{\"a\":2}\n";
  /// Loki's PushRequest: a stream with labels and two entries, each a time and a line.
  const std::string push_ = std::string(
      "\x0a\x1a\x0a\x0c{job=\"test\"}\x12\x03\x12\x01"
      "a\x12\x05\x0a\x00\x12\x01"
      "b",
      28);
};

TEST_F(PlainForwarding, CompressedBodiesArriveDecompressed) {
  Catcher catcher;
  DaemonProcess daemon(settings(catcher));
  test::HttpClient agent(daemon.packet_url());
  using Compress = std::string (*)(std::string_view);
  const std::pair<const char*, Compress> codings[]{
      {"gzip", [](std::string_view text) { return test::gzip(text); }},
      {"deflate", [](std::string_view text) { return test::zlib(text); }},
      {"zstd", [](std::string_view text) { return test::zstd(text); }},
      {"snappy", [](std::string_view text) { return test::snappy_block(text); }}};
  for (const auto& [coding, compress] : codings) {
    const auto reply = agent.post("/v1/packets", compress(lines_),
                                  {{"Content-Type", "application/x-ndjson"}, {"Content-Encoding", coding}});
    EXPECT_EQ(reply.status, 202u) << reply.body;
    expect_plain(catcher.take(), lines_);
  }
  const auto pushed =
      agent.post("/loki/api/v1/push", test::snappy_block(push_), {{"Content-Type", "application/x-protobuf"}});
  EXPECT_EQ(pushed.status, 204u) << pushed.body;
  expect_plain(catcher.take(), push_);
  ASSERT_TRUE(daemon.await_delivered(5));
  daemon.expect_clean_end();
}

TEST_F(PlainForwarding, ALokiKeepsItsSnappy) {
  Catcher catcher;
  DaemonProcess daemon(settings(catcher, " forward=native"));
  test::HttpClient agent(daemon.packet_url());
  const std::string body = test::snappy_block(push_);
  agent.post("/loki/api/v1/push", body, {{"Content-Type", "application/x-protobuf"}});
  EXPECT_EQ(catcher.take().body(), body);
  agent.post("/v1/packets", test::gzip(lines_),
             {{"Content-Type", "application/x-ndjson"}, {"Content-Encoding", "gzip"}});
  expect_plain(catcher.take(), lines_);
  ASSERT_TRUE(daemon.await_delivered(2));
  daemon.expect_clean_end();
}

TEST_F(PlainForwarding, WhatADiskHasKeptIsDecompressed) {
  const test::TemporaryFolder folder;
  const Catcher deaf;
  Settings first = settings(deaf);
  const Settings on_disk{{"QUEUE__STORAGE", "disk"}, {"QUEUE__DIRECTORY", folder.file("queue")}};
  first.insert(on_disk.begin(), on_disk.end());
  {
    DaemonProcess daemon(first);
    test::HttpClient agent(daemon.packet_url());
    const auto posted = agent.post("/v1/packets", test::gzip(lines_),
                                   {{"Content-Type", "application/x-ndjson"}, {"Content-Encoding", "gzip"}});
    EXPECT_EQ(posted.status, 202u) << posted.body;
    const auto pushed =
        agent.post("/loki/api/v1/push", test::snappy_block(push_), {{"Content-Type", "application/x-protobuf"}});
    EXPECT_EQ(pushed.status, 204u) << pushed.body;
    daemon.process().signal(SIGKILL);
    daemon.process().wait_exit(patience);
  }
  Catcher catcher;
  Settings second = settings(catcher);
  second.insert(on_disk.begin(), on_disk.end());
  second.insert({"DELIVERY__MAX_CONNECTIONS", "1"});  // the catcher reads one at a time
  DaemonProcess daemon(second);
  expect_plain(catcher.take(), lines_);
  expect_plain(catcher.take(), push_);
  ASSERT_TRUE(daemon.await_delivered(2));
  daemon.expect_clean_end();
}

TEST_F(PlainForwarding, DeadLettersKeepWhatCame) {
  const test::TemporaryFolder folder;
  Catcher catcher;
  Settings with_dead_letters = settings(catcher);
  with_dead_letters.insert({"DELIVERY__DEAD_LETTER", folder.file("dead")});
  DaemonProcess daemon(with_dead_letters);
  test::HttpClient agent(daemon.packet_url());
  const std::string body = test::gzip(lines_);
  agent.post("/v1/packets", body, {{"Content-Type", "application/x-ndjson"}, {"Content-Encoding", "gzip"}});
  expect_plain(catcher.take({}, true), lines_);
  ASSERT_TRUE(eventually([&] { return !folder.lines("dead").empty(); }));
  EXPECT_THAT(folder.lines("dead")[0], testing::HasSubstr("\"body_base64\":\"" + to_base64(body) + "\""));
  EXPECT_THAT(folder.lines("dead")[0], testing::HasSubstr("\"content_encoding\":\"gzip\""));
  daemon.expect_clean_end();
}

}  // namespace
}  // namespace logdist::e2e
