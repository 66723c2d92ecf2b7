// Accepting: limits, faults, addresses.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fcntl.h>
#include <unistd.h>

#include <deque>
#include <optional>
#include <vector>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "port.hpp"

namespace logdist::ingest::test {
namespace {

using namespace std::chrono_literals;

TEST(Listener, OneConnectionTooManyIs503) {
  config::ServerOptions options;
  options.max_connections = 2;
  Port port(options);
  Client first = port.connect(), second = port.connect();
  for (Client* busy : {&first, &second}) busy->send("POST /v1/pack");
  ASSERT_TRUE(port.eventually([&] { return port.sessions().busy_count() == 2; }));
  Client third = port.connect();
  third.try_send(post(small_body));
  const auto answer = third.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503u);
  EXPECT_FALSE(answer->header("retry-after").empty());
  EXPECT_EQ(answer->header("connection"), "close");
  EXPECT_TRUE(third.ends());
  EXPECT_EQ(port.rejected(RejectReason::too_many_connections), 1u);

  second.close();
  ASSERT_TRUE(port.eventually([&] { return port.slots().taken() == 1; }));
  Client fourth = port.connect();
  fourth.send(post(small_body));
  EXPECT_EQ(fourth.read()->status, 202u);
}

TEST(Listener, TheConnectionThatIsIdleForLongestMakesRoom) {
  config::ServerOptions options;
  options.max_connections = 3;
  Port port(options);
  Client busy = port.connect();
  busy.send("POST /v1/pack");
  Client first = port.connect(), second = port.connect();
  for (Client* idle : {&first, &second}) {
    idle->send(post(small_body));
    EXPECT_EQ(idle->read()->status, 202u);
  }
  first.send(post(small_body));  // and so the second is idle for longer
  EXPECT_EQ(first.read()->status, 202u);

  Client newcomer = port.connect();
  newcomer.send(post(small_body));
  EXPECT_EQ(newcomer.read()->status, 202u);
  EXPECT_TRUE(second.ends());
  first.send(post(small_body));
  EXPECT_EQ(first.read()->status, 202u) << "one had to go, not two";
  EXPECT_EQ(port.rejected(RejectReason::too_many_connections), 0u);
  EXPECT_EQ(port.slots().taken(), 3u);
}

/// The next packet of an agent at work may be on its way.
TEST(Listener, WhoHasJustSentAPacketIsNotClosedForAnother) {
  config::ServerOptions options;
  options.max_connections = 2;
  Port port(options, 30s, nullptr, 5s, 1h);
  Client agent = port.connect();
  agent.send(post(small_body));
  EXPECT_EQ(agent.read()->status, 202u);
  Client newer = port.connect();
  newer.send("GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(newer.read()->status, 200u);

  Client third = port.connect();
  third.send(post(small_body));
  EXPECT_EQ(third.read()->status, 202u);
  EXPECT_TRUE(newer.ends()) << "idle for less long, but not at work";
  Client fourth = port.connect();
  EXPECT_EQ(fourth.read()->status, 503u);
  for (Client* at_work : {&agent, &third}) {
    at_work->send(post(small_body));
    EXPECT_EQ(at_work->read()->status, 202u);
  }
  EXPECT_EQ(port.rejected(RejectReason::too_many_connections), 1u);
}

/// All of them come before a loop has seen the first.
TEST(Listener, ManyAtOnceMakeRoomInTheirOrderOnAllLoops) {
  Port one, two;
  boost::asio::io_context io;
  ConnectionSlots slots(4);
  Listener listener(io, {&one.sessions(), &two.sessions()}, slots);
  ASSERT_FALSE(listener.open({"127.0.0.1", 0}).failed());
  listener.start();
  std::deque<Client> idle;
  for (std::size_t i = 0; i < 4; ++i) {
    idle.emplace_back(listener.endpoint());
    io.run_one();
    Port& its_loop = i % 2 == 0 ? one : two;
    ASSERT_TRUE(its_loop.eventually([&] { return its_loop.sessions().open_count() == 1 + i / 2; }));
  }
  std::deque<Client> newcomers;
  one.on_loop([&] {
    two.on_loop([&] {
      for (int i = 0; i < 3; ++i) {
        newcomers.emplace_back(listener.endpoint());
        io.run_one();
      }
    });
  });
  for (Client& newcomer : newcomers) {
    newcomer.send(post(small_body));
    EXPECT_EQ(newcomer.read()->status, 202u);
  }
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(idle[i].ends()) << i;
  idle[3].send(post(small_body));
  EXPECT_EQ(idle[3].read()->status, 202u) << "the one that was idle for the least time";
  listener.stop();
  idle.clear();
  newcomers.clear();
  EXPECT_TRUE(one.eventually([&] { return slots.taken() == 0; }));
}

TEST(Listener, SilentConnectionsLockNobodyOut) {
  config::ServerOptions options = with_timeouts(std::chrono::hours(1), std::chrono::hours(1), std::chrono::hours(1));
  options.max_connections = 8;
  Port port(options);
  std::vector<Client> silent;
  for (int i = 0; i < 24; ++i) {
    silent.push_back(port.connect());
    if (i % 3 == 1) silent.back().try_send("\r");  // half an empty line is silence
    if (i % 3 == 2) silent.back().try_send("\r\n\r\n");
    if (i % 6 != 5) continue;
    Client agent = port.connect();
    agent.send(post(small_body));
    EXPECT_EQ(agent.read()->status, 202u) << i;
  }
  EXPECT_EQ(port.rejected(RejectReason::too_many_connections), 0u);
  EXPECT_LE(port.slots().taken(), 8u);
}

/// A request that is in the socket already is none of an idle connection.
TEST(Listener, AConnectionWithARequestUnderWayIsNoIdleOne) {
  config::ServerOptions options;
  options.max_connections = 2;
  Port port(options);
  Client first = port.connect(), second = port.connect();
  ASSERT_TRUE(port.eventually([&] { return port.slots().taken() == 2 && port.sessions().open_count() == 2; }));
  std::optional<Client> third;
  const bool made_room = port.on_loop([&] {  // nothing is read meanwhile
    first.send(post(small_body));
    third.emplace(port.endpoint());
    const auto slot = port.sessions().make_room();
    return slot.has_value();
  });
  EXPECT_TRUE(made_room);
  EXPECT_EQ(first.read()->status, 202u);
  EXPECT_TRUE(second.ends());
}

TEST(Listener, RoomIsMadeOnWhicheverLoopItIs) {
  Port one, two;
  boost::asio::io_context io;
  ConnectionSlots slots(2);
  Listener listener(io, {&one.sessions(), &two.sessions()}, slots);
  ASSERT_FALSE(listener.open({"127.0.0.1", 0}).failed());
  listener.start();
  Client on_one(listener.endpoint());
  io.run_one();
  Client on_two(listener.endpoint());
  io.run_one();
  on_one.send("POST /v1/pack");
  ASSERT_TRUE(one.eventually([&] { return one.sessions().busy_count() == 1; }));
  ASSERT_TRUE(two.eventually([&] { return two.sessions().open_count() == 1; }));

  Client third(listener.endpoint());  // the turn of `one`, whose connection is not idle
  io.run_one();
  third.send(post(small_body));
  EXPECT_EQ(third.read()->status, 202u);
  EXPECT_EQ(one.on_loop([&] { return one.sink.admitted.size(); }), 1u);
  EXPECT_TRUE(on_two.ends());
  listener.stop();
  on_one.close();
  third.close();
  EXPECT_TRUE(one.eventually([&] { return slots.taken() == 0; }));
}

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
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan, built together with ASan, opens a pipe for each check of a vptr";
#endif
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
