#include "logdist/net/listen.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

namespace logdist::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class Listen : public testing::Test {
 protected:
  /// That whoever connects to `acceptor` gets through.
  void expect_reachable(tcp::acceptor& acceptor) {
    tcp::socket client(loop_);
    boost::system::error_code error;
    client.connect(acceptor.local_endpoint(), error);
    EXPECT_FALSE(error) << error.message();
    EXPECT_EQ(acceptor.accept().local_endpoint(), client.remote_endpoint());
  }

  asio::io_context loop_;
  tcp::acceptor acceptor_{loop_};
};

TEST_F(Listen, TakesAnyFreePortOfAnAddress) {
  ASSERT_FALSE(listen(acceptor_, {"127.0.0.1", 0}));
  EXPECT_EQ(acceptor_.local_endpoint().address().to_string(), "127.0.0.1");
  expect_reachable(acceptor_);
}

TEST_F(Listen, LooksUpAName) {
  ASSERT_FALSE(listen(acceptor_, {"localhost", 0}));
  EXPECT_TRUE(acceptor_.local_endpoint().address().is_loopback());
  expect_reachable(acceptor_);
}

TEST_F(Listen, TellsThatThePortIsTakenAndCanTryAgain) {
  tcp::acceptor other(loop_);
  ASSERT_FALSE(listen(other, {"127.0.0.1", 0}));
  EXPECT_EQ(listen(acceptor_, {"127.0.0.1", other.local_endpoint().port()}), asio::error::address_in_use);
  EXPECT_FALSE(acceptor_.is_open());
  ASSERT_FALSE(listen(acceptor_, {"127.0.0.1", 0}));
  expect_reachable(acceptor_);
}

TEST_F(Listen, TellsThatAnAddressIsNotOurs) {
  EXPECT_EQ(listen(acceptor_, {"192.0.2.1", 0}), boost::system::errc::address_not_available);  // RFC 5737: nobody's
  EXPECT_FALSE(acceptor_.is_open());
}

TEST_F(Listen, TellsThatANameIsUnknown) {
  const std::string too_long_for_any_server(64, 'x');
  EXPECT_TRUE(listen(acceptor_, {too_long_for_any_server, 0}));
  EXPECT_FALSE(acceptor_.is_open());
}

TEST_F(Listen, SaysBeforehandWhatWouldFail) {
  EXPECT_FALSE(why_not_listen({"127.0.0.1", 0}));
  EXPECT_FALSE(why_not_listen({"localhost", 0}));
  EXPECT_EQ(why_not_listen({"192.0.2.1", 0}), boost::system::errc::address_not_available);
  EXPECT_TRUE(why_not_listen({"no-such-host.invalid", 0}));
  ASSERT_FALSE(listen(acceptor_, {"127.0.0.1", 0}));
  EXPECT_FALSE(why_not_listen({"127.0.0.1", acceptor_.local_endpoint().port()})) << "that is as it should be";
}

TEST(PeerOf, IsTheAddressAtTheOtherEnd) {
  asio::io_context loop;
  for (const char* address : {"127.0.0.1", "::1"}) {
    tcp::acceptor acceptor(loop);
    ASSERT_FALSE(listen(acceptor, {address, 0}));
    tcp::socket client(loop);
    client.connect(acceptor.local_endpoint());
    EXPECT_EQ(peer_of(client.native_handle()).to_string(), address);
  }
  asio::local::stream_protocol::socket one(loop), other(loop);
  asio::local::connect_pair(one, other);
  EXPECT_FALSE(peer_of(one.native_handle()).is_set());
}

TEST(PeerOf, OneThatHasGoneDidNotComeByAUnixSocket) {
  asio::io_context loop;
  for (const char* address : {"127.0.0.1", "::1"}) {
    tcp::acceptor acceptor(loop);
    ASSERT_FALSE(listen(acceptor, {address, 0}));
    tcp::socket client(loop);
    client.connect(acceptor.local_endpoint());
    asio::write(client, asio::buffer("PROXY", 5));
    client.set_option(asio::socket_base::linger(true, 0));
    client.close();  // resets the connection
    tcp::socket accepted = acceptor.accept();
    std::array<char, 8> bytes{};
    EXPECT_EQ(accepted.read_some(asio::buffer(bytes)), 5U) << "what it sent can be read";
    const IpAddress peer = peer_of(accepted.native_handle());
    EXPECT_EQ(peer.to_string(), "::");
    EXPECT_FALSE(Network::parse("unix:")->contains(peer));
  }
  asio::local::stream_protocol::socket one(loop), other(loop);
  asio::local::connect_pair(one, other);
  other.close();
  EXPECT_FALSE(peer_of(one.native_handle()).is_set());
}

/// A folder of its own for socket files.
class UnixListen : public testing::Test {
 protected:
  UnixListen() {
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
    path_ = folder_ + "/packets.sock";
  }
  ~UnixListen() override { std::filesystem::remove_all(folder_); }

  boost::system::error_code open(ListeningSocket& socket) { return socket.open({"", 0, path_}); }

  bool connects() {
    asio::local::stream_protocol::socket client(loop_);
    boost::system::error_code error;
    client.connect(path_, error);
    return !error;
  }

  asio::io_context loop_;
  std::string folder_ = "/tmp/listen_test.XXXXXX";
  std::string path_;
};

TEST_F(UnixListen, UserAndGroupMayConnectAndTheFileGoesAtTheEnd) {
  ListeningSocket socket(loop_.get_executor());
  ASSERT_FALSE(open(socket));
  EXPECT_EQ(socket.url(), "unix:" + path_);
  EXPECT_TRUE(connects());
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(path_).permissions(),
            perms::owner_read | perms::owner_write | perms::group_read | perms::group_write);
  socket.close();
  EXPECT_TRUE(std::filesystem::is_empty(folder_)) << "nor is the lock file left";
}

/// One that has found the file stale, and has not bound its own yet.
TEST_F(UnixListen, WaitsForNobodyWhoIsTakingThePath) {
  { asio::local::stream_protocol::acceptor dead(loop_, path_); }
  SocketFile other;
  ASSERT_FALSE(other.lock(path_));
  ListeningSocket socket(loop_.get_executor());
  EXPECT_EQ(open(socket), asio::error::address_in_use);
  EXPECT_TRUE(std::filesystem::exists(path_)) << "which is left to the other";
  other.remove();
  EXPECT_FALSE(open(socket));
  EXPECT_TRUE(connects());
}

TEST_F(UnixListen, OneOfSeveralThatStartTogetherTakesAStaleFile) {
  constexpr std::size_t starters = 4, rounds = 100;
  for (std::size_t round = 0; round < rounds; ++round) {
    { asio::local::stream_protocol::acceptor dead(loop_, path_); }
    std::vector<std::unique_ptr<asio::io_context>> loops;
    std::vector<std::unique_ptr<ListeningSocket>> sockets;
    std::vector<boost::system::error_code> errors(starters);
    std::latch all_there(starters);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < starters; ++i) {
      loops.push_back(std::make_unique<asio::io_context>());
      sockets.push_back(std::make_unique<ListeningSocket>(loops.back()->get_executor()));
      threads.emplace_back([&, i, socket = sockets.back().get()] {
        all_there.arrive_and_wait();
        errors[i] = open(*socket);
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(std::ranges::count(errors, boost::system::error_code()), 1);
    ASSERT_EQ(std::ranges::count(errors, asio::error::address_in_use), static_cast<std::ptrdiff_t>(starters - 1));
    ASSERT_TRUE(connects());
    sockets.clear();
    ASSERT_TRUE(std::filesystem::is_empty(folder_));
  }
}

TEST_F(UnixListen, ReplacesAFileThatNobodyListensOn) {
  { asio::local::stream_protocol::acceptor dead(loop_, path_); }
  ASSERT_TRUE(std::filesystem::exists(path_));
  ListeningSocket socket(loop_.get_executor());
  EXPECT_FALSE(open(socket));
  EXPECT_TRUE(connects());
}

TEST_F(UnixListen, LeavesASocketThatIsInUseAndAnyOtherFile) {
  ListeningSocket socket(loop_.get_executor());
  {
    asio::local::stream_protocol::acceptor alive(loop_, path_);
    EXPECT_EQ(open(socket), asio::error::address_in_use);
    EXPECT_FALSE(socket.is_open());
    EXPECT_TRUE(connects());
  }
  std::filesystem::remove(path_);
  std::ofstream(path_) << "text";
  EXPECT_EQ(open(socket), asio::error::address_in_use);
  EXPECT_TRUE(std::filesystem::exists(path_));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".lock"));
}

TEST_F(UnixListen, SaysBeforehandWhatWouldFail) {
  const auto why_not = [](const std::string& path) { return why_not_listen({"", 0, path}); };
  EXPECT_FALSE(why_not(path_));
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
  EXPECT_FALSE(why_not("/tmp.sock")) << "which is in the root folder";
  EXPECT_EQ(why_not(folder_ + "/none/a"), boost::system::errc::no_such_file_or_directory);
  ListeningSocket socket(loop_.get_executor());
  ASSERT_FALSE(open(socket));
  EXPECT_FALSE(why_not(path_)) << "in use, by ourselves perhaps";
  EXPECT_TRUE(connects()) << "and left so";
  std::ofstream(folder_ + "/text") << "text";
  EXPECT_EQ(why_not(folder_ + "/text"), boost::system::errc::file_exists);
  EXPECT_EQ(why_not(folder_ + "/text/a"), boost::system::errc::not_a_directory);
  std::filesystem::create_directory(folder_ + "/b.lock");
  EXPECT_EQ(why_not(folder_ + "/b"), boost::system::errc::is_a_directory);
}

TEST_F(UnixListen, LeavesTheFileOfItsSuccessor) {
  ListeningSocket socket(loop_.get_executor());
  ASSERT_FALSE(open(socket));
  std::filesystem::remove(path_);
  asio::local::stream_protocol::acceptor successor(loop_, path_);
  socket.close();
  EXPECT_TRUE(connects());
}

TEST_F(UnixListen, TakesOverASocketAndLeavesItsFile) {
  asio::local::stream_protocol::acceptor made(loop_, path_);
  {
    ListeningSocket socket(loop_.get_executor());
    ASSERT_FALSE(socket.adopt(::dup(made.native_handle())));
    EXPECT_TRUE(socket.is_unix());
    EXPECT_EQ(socket.url(), "unix:" + path_);
  }
  EXPECT_TRUE(connects());
}

}  // namespace
}  // namespace logdist::net
