// The daemon as a service: what its manager hears, and a packet port that was
// open before it.
#include <gmock/gmock.h>
#include <unistd.h>

#include <fmt/format.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/datagram_protocol.hpp>

#include "tests/e2e/checks.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::local::datagram_protocol;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

/// The socket that NOTIFY_SOCKET names.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& path) : socket_(io_, datagram_protocol::endpoint(path)) {
    socket_.non_blocking(true);
  }

  /// All that has come so far.
  const std::vector<std::string>& heard() {
    for (;;) {
      std::string text(4096, '\0');
      boost::system::error_code error;
      text.resize(socket_.receive(asio::buffer(text), 0, error));
      if (error) return heard_;
      heard_.push_back(text);
    }
  }

 private:
  asio::io_context io_{1};
  datagram_protocol::socket socket_;
  std::vector<std::string> heard_;
};

/// `serve` with `descriptor` handed over as its only socket.
test::ProcessOptions serve_on(int descriptor, const std::string& analyzers) {
  test::ProcessOptions options = test::Process::log_distributor({"serve"}, {{"LOGDIST_ANALYZERS", analyzers},
                                                                            {"LOGDIST_SERVER__LISTEN", "127.0.0.1:1"},
                                                                            {"LOGDIST_ADMIN__LISTEN", "127.0.0.1:0"},
                                                                            {"LISTEN_FDS", "1"}});
  options.wrapper = {"sh", "-c", R"(LISTEN_PID=$$; export LISTEN_PID; exec "$@")", "sh"};  // it becomes the daemon
  options.handed_over = descriptor;
  return options;
}

TEST(SystemdNotifier, IsToldOfReadinessOfLifeAndOfTheEnd) {
  const test::TemporaryFolder folder;
  NotifySocket socket(folder.file("notify"));
  Analyzers analyzers;
  DaemonProcess daemon({{"ANALYZERS", analyzers.setting()}},
                       {.wrapper = {"env", "NOTIFY_SOCKET=" + folder.file("notify"), "WATCHDOG_USEC=100000"}});
  ASSERT_TRUE(eventually([&] { return !socket.heard().empty(); }));
  EXPECT_THAT(socket.heard().front(), AllOf(StartsWith("READY=1\n"), HasSubstr(daemon.packet_url())));
  daemon.process().signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return std::count(socket.heard().begin(), socket.heard().end(), "READY=1") == 1; }));
  EXPECT_THAT(socket.heard(), Contains(StartsWith("RELOADING=1\nMONOTONIC_USEC=")));
  const auto signs_of_life = [&] {
    return std::count(socket.heard().begin(), socket.heard().end(), std::string("WATCHDOG=1"));
  };
  EXPECT_TRUE(eventually([&] { return signs_of_life() >= 3; }));
  daemon.expect_clean_end();
  EXPECT_THAT(socket.heard(), Contains(AllOf(StartsWith("STOPPING=1\n"), HasSubstr("EXTEND_TIMEOUT_USEC=75000000"))))
      << "the grace, 60 s, and a margin";
}

TEST(SystemdNotifier, MayHaveOpenedThePacketPort) {
  asio::io_context io(1);
  tcp::acceptor port(io, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0));
  const std::string url = fmt::format("http://127.0.0.1:{}", port.local_endpoint().port());
  Analyzers analyzers;
  for (std::uint64_t life = 1; life <= 2; ++life) {
    test::RawSocket early(url);
    early.send(
        "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n[{}]");
    test::Process daemon(serve_on(port.native_handle(), analyzers.setting()));
    EXPECT_TRUE(daemon.wait_for_line("packets on " + url + ",")) << "in place of server.listen";
    EXPECT_TRUE(eventually([&] { return analyzers.packets() == life; })) << "who came before it has waited for it";
    daemon.terminate();
    EXPECT_EQ(daemon.wait_exit(), 0) << daemon.errors();
  }
}

TEST(SystemdNotifier, HandsOverNothingElse) {
  test::Process daemon(serve_on(STDIN_FILENO, "a=http://127.0.0.1:2"));
  EXPECT_EQ(daemon.wait_exit(), 1);
  EXPECT_EQ(daemon.errors(), "log-distributor: LISTEN_FDS: what was passed is not a listening TCP socket\n");
}

}  // namespace
}  // namespace logdist::e2e
