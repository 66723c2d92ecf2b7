// Accepting: faults, addresses.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "port.hpp"

namespace logdist::ingest::test {
namespace {

/// Takes all file descriptors of the process but those already open.
class NoDescriptorLeft {
 public:
  NoDescriptorLeft() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(0);
    ::close(next);
    rlimit limit = before_;
    limit.rlim_cur = static_cast<rlim_t>(next);
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  ~NoDescriptorLeft() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(Listener, SurvivesRunningOutOfDescriptors) {
  Port port;
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket socket(io, boost::asio::ip::tcp::v4());
  Client probe = port.connect();
  probe.send(post(small_body));
  EXPECT_EQ(probe.read()->status, 202u);
  {
    const NoDescriptorLeft none;
    socket.connect(port.endpoint());
    // The open connection is served although accept fails.
    probe.send(post(small_body));
    EXPECT_EQ(probe.read()->status, 202u);
    EXPECT_EQ(port.on_loop([&] { return port.sessions().open_count(); }), 1u);
  }
  EXPECT_TRUE(port.eventually([&] { return port.sessions().open_count() == 2; })) << "accepted after the pause";
}

TEST(Listener, SaysWhyAPortCannotBeHad) {
  Port port;
  boost::asio::io_context io;
  ConnectionSlots slots(1);
  Listener second(io, {&port.sessions()}, slots);
  EXPECT_EQ(second.open({"127.0.0.1", port.endpoint().port()}), boost::asio::error::address_in_use);
  EXPECT_TRUE(second.open({"no-such-host.invalid", 0}).failed());
  EXPECT_FALSE(second.open({"localhost", 0}).failed()) << "a failed try leaves it usable";
  EXPECT_NE(second.endpoint().port(), 0);
}

TEST(Listener, ListensOnIpv6) {
  Port port;
  boost::asio::io_context io;
  ConnectionSlots slots(1);
  Listener listener(io, {&port.sessions()}, slots);
  if (const auto error = listener.open({"::1", 0})) GTEST_SKIP() << "no IPv6 here: " << error.message();
  listener.start();
  Client client(listener.endpoint());
  io.run_one();
  client.send(post(small_body));
  EXPECT_EQ(client.read()->status, 202u);
  listener.stop();
  client.close();
  EXPECT_TRUE(port.eventually([&] { return slots.taken() == 0; }));
}

TEST(Listener, ListensOnAUnixSocketThatGoesWithIt) {
  Port port;
  boost::asio::io_context io;
  ConnectionSlots slots(1);
  const std::string path = "/tmp/listener_test." + std::to_string(::getpid()) + ".sock";
  Listener listener(io, {&port.sessions()}, slots);
  ASSERT_FALSE(listener.open({"", 0, path}).failed());
  EXPECT_EQ(listener.url(), "unix:" + path);
  listener.start();
  boost::asio::local::stream_protocol::socket client(io);
  client.connect(path);
  io.run_one();
  boost::asio::write(client, boost::asio::buffer(post(small_body)));
  std::string answer(12, ' ');
  boost::asio::read(client, boost::asio::buffer(answer));
  EXPECT_EQ(answer, "HTTP/1.1 202");
  listener.stop();
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
  client.close();
  EXPECT_TRUE(port.eventually([&] { return slots.taken() == 0; }));
}

TEST(Listener, DealsConnectionsInTurn) {
  Port one, two;
  boost::asio::io_context io;
  ConnectionSlots slots(10);
  Listener listener(io, {&one.sessions(), &two.sessions()}, slots);
  ASSERT_FALSE(listener.open({"127.0.0.1", 0}).failed());
  listener.start();
  std::vector<Client> clients;
  for (int i = 0; i < 6; ++i) {
    clients.emplace_back(listener.endpoint());
    io.run_one();
  }
  EXPECT_TRUE(one.eventually([&] { return one.sessions().open_count() == 3; }));
  EXPECT_TRUE(two.eventually([&] { return two.sessions().open_count() == 3; }));
  listener.stop();
  clients.clear();
  EXPECT_TRUE(one.eventually([&] { return slots.taken() == 0; }));
}

TEST(Listener, WhatItCancelsOutlivesTheLoops) {
  boost::asio::io_context home;  // not run again: what was cancelled goes with it
  Port port;
  ConnectionSlots slots(1);
  Listener listener(home, {&port.sessions()}, slots);
  ASSERT_FALSE(listener.open({"127.0.0.1", 0}).failed());
  listener.start();
  home.poll();
  listener.stop();
}

TEST(Listener, StopClosesThePort) {
  Port port;
  const auto endpoint = port.endpoint();
  Client before(endpoint);
  before.send(post(small_body));
  EXPECT_EQ(before.read()->status, 202u);
  port.on_loop([&] { port.listener().stop(); });
  EXPECT_THROW(Client{endpoint}, boost::system::system_error);
  before.send(post(small_body));
  EXPECT_EQ(before.read()->status, 202u) << "open connections are not touched";
}

}  // namespace
}  // namespace logdist::ingest::test
