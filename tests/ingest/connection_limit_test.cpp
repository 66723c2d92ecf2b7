// What server.max_connections bounds, and who makes room for whom.
#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string_view>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>

#include "port.hpp"

namespace logdist::ingest::test {
namespace {

using namespace std::chrono_literals;

TEST(ConnectionLimit, OneConnectionTooManyIs503) {
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

TEST(ConnectionLimit, TheConnectionThatIsIdleForLongestMakesRoom) {
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

/// The next packet of an agent at work may be on its way: it goes when there is no other.
TEST(ConnectionLimit, WhoHasJustSentAPacketIsTheLastToBeClosedForAnother) {
  config::ServerOptions options;
  options.max_connections = 2;
  Port port(options, 30s, nullptr, {.kept_after_packet = 1h});
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
  agent.send(post(small_body));  // and so the third is idle for longer
  EXPECT_EQ(agent.read()->status, 202u);
  Client fourth = port.connect();
  fourth.send(post(small_body));
  EXPECT_EQ(fourth.read()->status, 202u) << "one that is idle makes room in any case";
  EXPECT_TRUE(third.ends());
  agent.send(post(small_body));
  EXPECT_EQ(agent.read()->status, 202u);
  EXPECT_EQ(port.rejected(RejectReason::too_many_connections), 0u);
}

/// All of them come before a loop has seen the first.
TEST(ConnectionLimit, ManyAtOnceMakeRoomInTheirOrderOnAllLoops) {
  Port one, two;
  boost::asio::io_context io;
  const auto work = boost::asio::make_work_guard(io);
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
      for (int i = 0; i < 3; ++i) newcomers.emplace_back(listener.endpoint());
      io.run_one();
    });
  });
  for (int i = 0; i < 4; ++i) io.run_one();  // called back and accepted, twice
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

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// However many come, and however long a loop takes to close what makes room for them.
class ConnectionLimitCrowd : public testing::TestWithParam<const char*> {};

TEST_P(ConnectionLimitCrowd, HoldsOneDescriptorWithoutASlot) {
  constexpr std::size_t max_connections = 4, newcomers_max = 20;
  Port port;
  boost::asio::io_context io;
  const auto work = boost::asio::make_work_guard(io);
  ConnectionSlots slots(max_connections);
  Listener listener(io, {&port.sessions()}, slots);
  ASSERT_FALSE(listener.open({"127.0.0.1", 0}).failed());
  listener.start();
  std::deque<Client> clients;
  while (clients.size() < max_connections) {
    clients.emplace_back(listener.endpoint());
    clients.back().send(GetParam());
    io.run_one();
  }
  const std::size_t busy = std::string_view(GetParam()).empty() ? 0 : max_connections;
  ASSERT_TRUE(port.eventually(
      [&] { return port.sessions().open_count() == max_connections && port.sessions().busy_count() == busy; }));

  port.on_loop([&] {
    for (std::size_t i = 0; i < newcomers_max; ++i) clients.emplace_back(listener.endpoint());
    const std::size_t before = open_descriptors();
    for (std::size_t i = 0; i < newcomers_max; ++i) io.poll();
    EXPECT_EQ(open_descriptors(), before + 1);
  });
  // Each is settled on the loop, and the listener is called back for the next.
  for (std::size_t i = 0; i < newcomers_max; ++i) {
    EXPECT_EQ(io.run_one(), 1u);
    if (i + 1 < newcomers_max) io.run_one();
    EXPECT_LE(slots.taken(), max_connections);
  }
  if (busy == 0) {
    clients.back().send(post(small_body));
    EXPECT_EQ(clients.back().read()->status, 202u);
  } else {
    EXPECT_EQ(clients.back().read()->status, 503u);
  }
  EXPECT_EQ(port.rejected(RejectReason::too_many_connections), busy == 0 ? 0 : newcomers_max);
  EXPECT_EQ(port.counts().connections_evicted, busy == 0 ? newcomers_max : 0);
  listener.stop();
  clients.clear();
  EXPECT_TRUE(port.eventually([&] { return slots.taken() == 0; }));
}

INSTANTIATE_TEST_SUITE_P(IdleAndBusyOnes, ConnectionLimitCrowd, testing::Values("", "POST /v1/pack"));

TEST(ConnectionLimit, SilentConnectionsLockNobodyOut) {
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
TEST(ConnectionLimit, AConnectionWithARequestUnderWayIsNoIdleOne) {
  config::ServerOptions options;
  options.max_connections = 2;
  Port port(options);
  Client first = port.connect(), second = port.connect();
  ASSERT_TRUE(port.eventually([&] { return port.slots().taken() == 2 && port.sessions().open_count() == 2; }));
  std::optional<Client> third;
  const bool made_room = port.on_loop([&] {  // nothing is read meanwhile
    first.send(post(small_body));
    third.emplace(port.endpoint());
    const auto slot = port.sessions().make_room(true);
    return slot.has_value();
  });
  EXPECT_TRUE(made_room);
  EXPECT_EQ(first.read()->status, 202u);
  EXPECT_TRUE(second.ends());
}

TEST(ConnectionLimit, AnotherMakesRoomWhenTheFirstHasARequestAfterAll) {
  Port one, two;
  boost::asio::io_context io;
  const auto work = boost::asio::make_work_guard(io);
  ConnectionSlots slots(2);
  Listener listener(io, {&one.sessions(), &two.sessions()}, slots);
  ASSERT_FALSE(listener.open({"127.0.0.1", 0}).failed());
  listener.start();
  std::optional<Client> longest(std::in_place, listener.endpoint());
  io.run_one();
  ASSERT_TRUE(one.eventually([&] { return one.sessions().open_count() == 1; }));
  Client other(listener.endpoint());
  io.run_one();
  ASSERT_TRUE(two.eventually([&] { return two.sessions().open_count() == 1; }));
  std::optional<Client> third;
  one.on_loop([&] {  // nothing is read meanwhile
    longest->send(post(small_body));
    third.emplace(listener.endpoint());
    io.run_one();
  });
  EXPECT_EQ(longest->read()->status, 202u);
  third->send(post(small_body));
  EXPECT_EQ(third->read()->status, 202u);
  EXPECT_TRUE(other.ends());
  listener.stop();
  longest.reset();
  third.reset();
  EXPECT_TRUE(one.eventually([&] { return slots.taken() == 0; }));
}

TEST(ConnectionLimit, RoomIsMadeOnWhicheverLoopItIs) {
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

}  // namespace
}  // namespace logdist::ingest::test
