// Connections that come through a proxy: the client it names, and who may name one.
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <memory>
#include <sstream>

#include "logdist/telemetry/log.hpp"
#include "port.hpp"

namespace logdist::ingest::test {
namespace {

config::ServerOptions behind_proxies(const char* trusted) {
  config::ServerOptions options;
  options.proxy_protocol = true;
  options.trusted_proxies = {*Network::parse(trusted)};
  return options;
}

const std::string v1_header = "PROXY TCP4 192.0.2.1 203.0.113.5 12345 8080\r\n";
const std::string v2_local_header = std::string("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16);

TEST(Proxy, ServesRequestsBehindAHeaderOfEitherVersion) {
  Port port(behind_proxies("127.0.0.0/8"));
  for (const std::string& header : {v1_header, v2_local_header}) {
    Client client = port.connect();
    client.send(header + post(small_body));
    EXPECT_EQ(client.read()->status, 202u);
    client.send(post(small_body));
    EXPECT_EQ(client.read()->status, 202u) << "the header comes once a connection";
    client.send(header + post(small_body));
    EXPECT_EQ(client.read()->status, 400u) << "and only once";
    EXPECT_TRUE(client.ends());
  }
}

TEST(Proxy, TakesTheHeaderByteByByte) {
  Port port(behind_proxies("127.0.0.1"));
  for (const std::string& header : {v1_header, v2_local_header}) {
    Client client = port.connect();
    for (const char byte : header) client.send(std::string(1, byte));
    client.send(post(small_body));
    EXPECT_EQ(client.read()->status, 202u);
  }
}

TEST(Proxy, ATrustedOneHasToNameItsClient) {
  Port port(behind_proxies("127.0.0.0/8"));
  for (const std::string& bytes : {post(small_body), std::string("PROXY TCP4 nobody 203.0.113.5 1 2\r\n")}) {
    Client client = port.connect();
    client.send(bytes);
    EXPECT_EQ(client.read()->status, 400u) << bytes;
    EXPECT_TRUE(client.ends());
  }
  EXPECT_EQ(port.rejected(RejectReason::malformed_http), 2u);
}

TEST(Proxy, OthersMayNotNameAnybody) {
  Port port(behind_proxies("10.0.0.0/8"));
  for (const std::string& header : {v1_header, v2_local_header}) {
    Client client = port.connect();
    client.send(header + post(small_body));
    EXPECT_EQ(client.read()->status, 400u);
    EXPECT_TRUE(client.ends());
  }
  Client plain = port.connect();
  plain.send(post(small_body));
  EXPECT_EQ(plain.read()->status, 202u) << "they are agents";
}

TEST(Proxy, HeaderThatDoesNotComeIsNotWaitedForLong) {
  config::ServerOptions options = behind_proxies("127.0.0.0/8");
  options.header_timeout = std::chrono::milliseconds(50);
  Port port(options);
  for (const std::string& begun : {std::string(), v1_header.substr(0, 20)}) {
    Client client = port.connect();
    if (!begun.empty()) client.send(begun);
    EXPECT_TRUE(client.ends());
  }
}

/// What the log says of clients.
class ProxyLog : public testing::Test {
 protected:
  ProxyLog() {
    log::set_up({.level = config::LogLevel::debug}, std::make_shared<spdlog::sinks::ostream_sink_mt>(written_));
  }
  ~ProxyLog() override { log::set_up({}, std::make_shared<spdlog::sinks::stderr_sink_mt>()); }

  /// The line of a request that is refused, sent behind `header` with `fields`.
  std::string line_of(const config::ServerOptions& options, const std::string& header, const std::string& fields) {
    {
      Port port(options);
      Client client = port.connect();
      client.send(header + "GET /nowhere HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
      EXPECT_EQ(client.read()->status, 404u);
    }
    log::shut_down();
    return written_.str();
  }

  std::ostringstream written_;
};

TEST_F(ProxyLog, NamesThePeer) {
  const std::string line = line_of({}, "", "X-Forwarded-For: 192.0.2.7\r\n");
  EXPECT_NE(line.find("a request of 127.0.0.1: 404"), line.npos) << line;
}

TEST_F(ProxyLog, NamesTheClientOfTheProxyHeader) {
  const std::string line = line_of(behind_proxies("127.0.0.0/8"), v1_header, "X-Forwarded-For: 192.0.2.7\r\n");
  EXPECT_NE(line.find("a request of 192.0.2.1: 404"), line.npos) << "who is no proxy itself: " << line;
}

TEST_F(ProxyLog, NamesTheClientOfXForwardedFor) {
  config::ServerOptions options;
  options.trusted_proxies = {*Network::parse("127.0.0.1")};
  const std::string line = line_of(options, "", "X-Forwarded-For: 203.0.113.1, 192.0.2.7\r\n");
  EXPECT_NE(line.find("a request of 192.0.2.7: 404"), line.npos) << line;
}

}  // namespace
}  // namespace logdist::ingest::test
