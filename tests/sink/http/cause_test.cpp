// What a failed attempt says of its cause.
#include <gtest/gtest.h>

#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>

#include "tests/sink/http/fixture.hpp"

namespace logdist::sink {
namespace {

namespace http = boost::beast::http;

class CauseTest : public UpstreamTest {
 protected:
  /// How one packet ends that is answered with `bytes`.
  core::AttemptResult result_of(std::string bytes, bool then_close = false) {
    server.on_request = [bytes = std::move(bytes), then_close](Session& session, const ReceivedRequest&) {
      session.send(bytes);
      if (then_close) session.close();
    };
    if (!upstream) start();
    return deliver(add(server, 1)).results.at(0);
  }

  ScriptedServer server{io};
};

TEST_F(CauseTest, NobodyListens) {
  start();
  const AnalyzerId analyzer = add(server, 1);
  server.stop_listening();
  const auto result = deliver(analyzer).results.at(0);
  EXPECT_EQ(result.outcome, Outcome::connect_error);
  EXPECT_EQ(result.error, boost::asio::error::connection_refused);
}

TEST_F(CauseTest, TheNameLeadsNowhere) {
  start();
  const auto result = deliver(upstream->add({"nowhere", "80", "/", {}, limits_of(1)})).results.at(0);
  EXPECT_EQ(result.outcome, Outcome::connect_error);
  EXPECT_EQ(result.error, boost::asio::error::host_not_found);
}

TEST_F(CauseTest, ItClosesOrResets) {
  EXPECT_EQ(result_of("", true).error, boost::asio::error::eof);
  server.on_request = [](Session& session, const ReceivedRequest&) { session.reset(); };
  EXPECT_EQ(deliver(add(server, 1)).results.at(0).error, boost::asio::error::connection_reset);
}

TEST_F(CauseTest, ItIsSilent) {
  PoolOptions options;
  options.timeout = std::chrono::milliseconds(30);
  start(options);
  server.on_request = [](Session&, const ReceivedRequest&) {};
  const auto result = deliver(add(server, 1)).results.at(0);
  EXPECT_EQ(result.outcome, Outcome::timeout);
  EXPECT_EQ(result.error, boost::asio::error::timed_out);
}

TEST_F(CauseTest, ItSpeaksNoHttp) {
  EXPECT_EQ(result_of("SSH-2.0-OpenSSH\r\n\r\n").error, http::error::bad_version);
  EXPECT_EQ(result_of("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n").error, http::error::bad_content_length);
  EXPECT_EQ(result_of("HTTP/1.1 101 Switching\r\n\r\n").error.message(), "a switch of protocols that nobody asked for");
  EXPECT_EQ(result_of("HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x')).error, http::error::header_limit);
}

TEST_F(CauseTest, AnAnswerIsItsOwnCause) {
  const auto result = result_of("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(result.status, 500u);
  EXPECT_FALSE(result.error);
}

}  // namespace
}  // namespace logdist::sink
