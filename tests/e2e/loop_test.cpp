// A daemon whose packets come back to itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include <boost/asio.hpp>

#include "logdist/net/as_tuple.hpp"
#include "tests/e2e/checks.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::HasSubstr;

/// Passes bytes both ways: a port in front of the daemon's own that no look at names or addresses finds out,
/// as a load balancer's or a translated address.
class Relay {
 public:
  Relay() { asio::co_spawn(io_, accept(), asio::detached); }
  ~Relay() {
    io_.stop();
    thread_.join();
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }
  /// Runs from now on.
  void lead_to(const std::string& packet_url) {
    const auto port = static_cast<std::uint16_t>(std::stoul(packet_url.substr(packet_url.rfind(':') + 1)));
    target_ = {asio::ip::address_v4::loopback(), port};
    thread_ = std::thread([this] { io_.run(); });
  }

 private:
  using Socket = std::shared_ptr<tcp::socket>;

  asio::awaitable<void> accept() {
    for (;;) {
      tcp::socket accepted = co_await acceptor_.async_accept(asio::use_awaitable);
      const auto near = std::make_shared<tcp::socket>(std::move(accepted));
      const auto far = std::make_shared<tcp::socket>(io_);
      const auto [error] = co_await far->async_connect(target_, net::as_tuple);
      if (error) continue;
      asio::co_spawn(io_, pass(near, far), asio::detached);
      asio::co_spawn(io_, pass(far, near), asio::detached);
    }
  }
  static asio::awaitable<void> pass(Socket from, Socket to) {
    std::string bytes(64 * 1024, '\0');
    for (;;) {
      const auto [error, count] = co_await from->async_read_some(asio::buffer(bytes), net::as_tuple);
      if (error) break;
      const auto [failed, sent] = co_await asio::async_write(*to, asio::buffer(bytes, count), net::as_tuple);
      if (failed) break;
    }
    boost::system::error_code ignored;
    to->shutdown(tcp::socket::shutdown_send, ignored);
  }

  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
  tcp::endpoint target_;
  std::thread thread_;
};

TEST(Loop, ThroughARelayMultipliesNoPacket) {
  Analyzers analyzers({1});
  Relay relay;
  DaemonProcess daemon(
      {{"ANALYZERS", analyzers.setting() + ", loop=" + relay.url() + "/v1/packets weight=3"}, {"HEALTH__PATH", ""}});
  relay.lead_to(daemon.packet_url());
  const std::vector<Sent> sent = send_all(daemon.packet_url(), {.agents = 4, .packets_each = 50});
  expect_answers(sent, 202);
  ASSERT_TRUE(daemon.await_delivered(200));
  expect_taken(analyzers.ids(), ids_of(sent));
  const Samples samples = daemon.metrics();
  EXPECT_EQ(samples.admitted_packets(), 200) << "none has come in a second time";
  EXPECT_GT(samples.attempts("loop", "http_error"), 0);
  EXPECT_EQ(samples.attempts("loop", "delivered"), 0);
  const auto line =
      daemon.process().wait_for_line("a packet of this daemon has come back from 127.0.0.1 \\(([^)]+)\\)");
  ASSERT_TRUE(line);
  const std::vector<std::string> ids = ids_of(sent);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), line->at(1)), 1) << line->at(1);
  daemon.expect_clean_end();
}

/// Each adds itself to Via, and so the first one knows what comes back over the second.
TEST(Loop, OfTwoDaemonsMultipliesNoPacket) {
  Relay relay;
  DaemonProcess first({{"ANALYZERS", "second=" + relay.url() + "/v1/packets"}, {"HEALTH__PATH", ""}});
  DaemonProcess second({{"ANALYZERS", "first=" + first.packet_url() + "/v1/packets"},
                        {"HEALTH__PATH", ""},
                        {"SHUTDOWN__GRACE", "100ms"}});
  relay.lead_to(second.packet_url());
  const std::vector<Sent> sent = send_all(first.packet_url(), {.agents = 2, .packets_each = 20});
  expect_answers(sent, 202);
  ASSERT_TRUE(first.await_delivered(40));
  ASSERT_TRUE(eventually([&] { return second.metrics().attempts("first", "http_error") > 0; }));
  EXPECT_EQ(first.metrics().admitted_packets(), 40) << "none has come in a second time";
  EXPECT_EQ(second.metrics().admitted_packets(), 40);
  first.expect_clean_end();
}

/// What is refused before a packet can go round.
TEST(Loop, AUrlThatIsOurOwnPortIsRefused) {
  const PortReservation port("0.0.0.0");
  const std::string number = std::to_string(port.port());
  for (const std::string host : {"localhost", "127.0.0.1", "127.9.9.9", "[::ffff:127.0.0.1]"}) {
    const std::string url = "http://" + host + ":" + number + "/v1/packets";
    const std::map<std::string, std::string> environment = {{"LOGDIST_ANALYZERS", "a=" + url},
                                                            {"LOGDIST_SERVER__LISTEN", "0.0.0.0:" + number},
                                                            {"LOGDIST_ADMIN__LISTEN", "127.0.0.1:0"}};
    test::Process serve(test::Process::log_distributor({"serve"}, environment));
    EXPECT_EQ(serve.wait_exit(patience), 1) << host;
    EXPECT_THAT(serve.errors(), HasSubstr("\"" + url + "\" is a loop: this daemon itself receives packets there"));
    const test::TemporaryFolder folder;
    const std::string file = folder.write(
        "loop.yaml", "server: {listen: '0.0.0.0:" + number + "'}\nanalyzers:\n- name: a\n  url: '" + url + "'\n");
    test::Process check(test::Process::log_distributor({"check", "--config", file}));
    EXPECT_EQ(check.wait_exit(patience), 1) << host;
    EXPECT_THAT(check.output(), HasSubstr(file + ":4: analyzers[0].url: \"" + url + "\" is a loop"));
  }
}

}  // namespace
}  // namespace logdist::e2e
