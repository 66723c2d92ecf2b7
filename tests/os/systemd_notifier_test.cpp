// What is said to a service manager, and what it may hand over.
#include "logdist/os/systemd_notifier.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <vector>

#include "tests/support/temporary_folder.hpp"

namespace logdist::os {
namespace {

namespace asio = boost::asio;
using asio::local::datagram_protocol;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// A service manager's end of the conversation.
class Listening : public testing::Test {
 protected:
  std::vector<std::string> heard() {
    std::vector<std::string> messages;
    for (;;) {
      std::string text(4096, '\0');
      boost::system::error_code error;
      text.resize(socket_.receive(asio::buffer(text), 0, error));
      if (error) return messages;
      messages.push_back(text);
    }
  }

  void listen(const std::string& path) {
    socket_.open();
    socket_.bind(datagram_protocol::endpoint(path));
    socket_.non_blocking(true);
  }

  const test::TemporaryFolder folder_;
  asio::io_context io_{1};
  datagram_protocol::socket socket_{io_};
};

TEST_F(Listening, IsToldOfTheStartAndTheEnd) {
  listen(folder_.file("notify"));
  SystemdNotifier manager(io_, {{"NOTIFY_SOCKET", folder_.file("notify")}});
  EXPECT_THAT(heard(), IsEmpty());
  manager.ready("listening: here");
  EXPECT_THAT(heard(), ElementsAre("READY=1\nSTATUS=listening: here"));
  manager.stopping(std::chrono::seconds(40));
  EXPECT_THAT(heard(), ElementsAre("STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=40000000"));
}

TEST_F(Listening, IsToldOfAReloadAndItsEnd) {
  listen(folder_.file("notify"));
  SystemdNotifier manager(io_, {{"NOTIFY_SOCKET", folder_.file("notify")}});
  manager.reloading();
  manager.reloaded();
  EXPECT_THAT(heard(), ElementsAre(testing::MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+"), "READY=1"));
}

TEST_F(Listening, MayHaveAnAbstractName) {
  const std::string name = "logdist-" + std::to_string(::getpid());
  listen('\0' + name);
  SystemdNotifier(io_, {{"NOTIFY_SOCKET", "@" + name}}).ready("up");
  EXPECT_THAT(heard(), SizeIs(1));
}

TEST_F(Listening, MayBeGoneOrNeverHaveBeen) {
  SystemdNotifier(io_, {}).ready("up");
  SystemdNotifier(io_, {{"NOTIFY_SOCKET", ""}}).ready("up");
  SystemdNotifier(io_, {{"NOTIFY_SOCKET", folder_.file("nobody")}}).ready("up");
  SystemdNotifier(io_, {{"NOTIFY_SOCKET", std::string(500, 'x')}}).ready("up");
}

TEST_F(Listening, HearsTheWatchdogOnlyWhileAllIsWell) {
  listen(folder_.file("notify"));
  SystemdNotifier manager(io_, {{"NOTIFY_SOCKET", folder_.file("notify")},
                                {"WATCHDOG_USEC", "2000"},
                                {"WATCHDOG_PID", std::to_string(::getpid())}});
  std::vector<std::function<void()>> asked;
  manager.watch([&asked](auto well) { asked.push_back(std::move(well)); });
  while (asked.empty()) io_.run_one();
  EXPECT_THAT(heard(), IsEmpty()) << "nobody has answered yet";
  for (int i = 0; i < 5; ++i) io_.run_one();
  EXPECT_THAT(asked, SizeIs(1)) << "one question at a time";
  asked.back()();
  EXPECT_THAT(heard(), ElementsAre("WATCHDOG=1"));
  while (asked.size() < 2) io_.run_one();
  EXPECT_THAT(heard(), IsEmpty());
}

TEST_F(Listening, WatchesNothingUnlessAsked) {
  const std::string notify = folder_.file("notify");
  listen(notify);
  for (const ServiceVariables& variables :
       std::vector<ServiceVariables>{{{"NOTIFY_SOCKET", notify}},
                                     {{"NOTIFY_SOCKET", notify}, {"WATCHDOG_USEC", "0"}},
                                     {{"NOTIFY_SOCKET", notify}, {"WATCHDOG_USEC", "soon"}},
                                     {{"NOTIFY_SOCKET", notify}, {"WATCHDOG_USEC", "1000"}, {"WATCHDOG_PID", "1"}},
                                     {{"WATCHDOG_USEC", "1000"}}}) {
    SystemdNotifier manager(io_, variables);
    manager.watch([](const auto&) { FAIL() << "nobody wants to know"; });
    io_.restart();
    EXPECT_EQ(io_.run(), 0u) << "no timer runs";
  }
}

TEST(ListeningSocket, NobodyHandedOneOver) {
  for (const ServiceVariables& variables :
       std::vector<ServiceVariables>{{}, {{"LISTEN_FDS", "1"}}, {{"LISTEN_FDS", "1"}, {"LISTEN_PID", "1"}}}) {
    const auto socket = take_listening_socket(variables);
    ASSERT_TRUE(socket);
    EXPECT_FALSE(socket->is_open());
  }
}

TEST(ListeningSocket, HasToBeOne) {
  for (const char* count : {"0", "2", "", "-1", "many"}) {
    const auto socket = take_listening_socket({{"LISTEN_FDS", count}, {"LISTEN_PID", std::to_string(::getpid())}});
    ASSERT_FALSE(socket) << count;
    EXPECT_THAT(socket.error(), testing::HasSubstr("exactly one socket"));
  }
}

}  // namespace
}  // namespace logdist::os
