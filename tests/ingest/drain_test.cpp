// The drain, seen from the agents' side: none of them may hold it up.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "port.hpp"

namespace logdist::ingest::test {
namespace {

using namespace std::chrono_literals;

/// What takes an hour does not end by itself within a test.
config::ServerOptions patient() { return with_timeouts(1h, 1h, 1h); }

void begin_drain(Port& port) {
  port.on_loop([&] { port.sessions().begin_drain(); });
}

bool is_through(Port& port) {
  return port.eventually([&] { return port.sessions().busy_count() == 0; });
}

void expect_sent_away(Client& client) {
  const auto answer = client.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503u);
  EXPECT_EQ(answer->header("connection"), "close");
  EXPECT_NE(answer->body.find("shutting down"), std::string::npos) << answer->body;
}

TEST(Drain, IsNotHeldUpByHalfARequest) {
  const std::string whole = post(small_body);
  const std::string halves[] = {
      "POST /v1/pack",
      whole.substr(0, whole.size() - 5),
      "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n[",
      "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nTransfer-Encoding: "
      "chunked\r\n\r\n5\r\n[",
  };
  for (const std::string& half : halves) {
    Port port(patient());
    Client client = port.connect();
    client.send(half);
    ASSERT_TRUE(port.eventually([&] { return port.sessions().busy_count() == 1; }));
    begin_drain(port);
    EXPECT_TRUE(is_through(port)) << half;
    expect_sent_away(client);
    EXPECT_EQ(port.rejected(RejectReason::draining), 1u);
    EXPECT_EQ(port.memory().held_bytes(), 0u);
    EXPECT_EQ(port.on_loop([&] { return port.sink.out(); }), 0u);
  }
}

TEST(Drain, IsNotHeldUpByABodyThatWaitsForSpace) {
  config::ServerOptions options = patient();
  options.max_buffered = 10'000;
  Port port(options, 1h);
  Client holder = port.connect();
  holder.send(post("[\"" + std::string(9'996, 'x') + "\"]").substr(0, 5'000));
  ASSERT_TRUE(port.eventually([&] { return port.memory().held_bytes() == 10'000; }));
  Client waiter = port.connect();
  waiter.send(post("[\"" + std::string(4'996, 'x') + "\"]"));
  ASSERT_TRUE(port.eventually([&] { return port.sessions().busy_count() == 2; }));
  begin_drain(port);
  EXPECT_TRUE(is_through(port));
  expect_sent_away(holder);
  expect_sent_away(waiter);
  EXPECT_EQ(port.memory().held_bytes(), 0u);
}

TEST(Drain, IsNotHeldUpByAnAgentThatReadsNoAnswers) {
  Port port(patient());
  Client client = port.connect();
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += "GET /x HTTP/1.1\r\nHost: t\r\n\r\n";
  std::jthread sender([&] {
    while (client.try_send(requests)) {  // until the port no longer reads, and then until it cuts
    }
  });
  ASSERT_TRUE(port.eventually([&] { return port.sessions().busy_count() == 1; }));
  begin_drain(port);
  EXPECT_TRUE(is_through(port));
}

TEST(Drain, IsNotHeldUpByAnAgentThatNeverCloses) {
  Port port(patient());
  Client client = port.connect();
  client.send(post(small_body, "Content-Type: application/json\r\nConnection: close\r\n"));
  EXPECT_EQ(client.read()->status, 202u);
  EXPECT_TRUE(port.eventually([&] { return port.sessions().open_count() == 0; })) << "at other times neither";

  Client half = port.connect();
  half.send("POST /v1/pack");
  ASSERT_TRUE(port.eventually([&] { return port.sessions().busy_count() == 1; }));
  begin_drain(port);
  EXPECT_TRUE(is_through(port));
  EXPECT_EQ(port.on_loop([&] { return port.sessions().open_count(); }), 0u) << "it has had its time to read";
}

TEST(Drain, ARequestThatIsInTheSocketGetsItsAnswer) {
  for (const bool whole : {true, false}) {
    Port port(patient());
    Client client = port.connect();
    client.send(post(small_body));
    EXPECT_EQ(client.read()->status, 202u);
    port.on_loop([&] {  // nothing is read meanwhile
      client.send(whole ? post(small_body) : "POST /v1/pack");
      port.sessions().begin_drain();
    });
    expect_sent_away(client);
    client.close();
    EXPECT_TRUE(is_through(port));
  }
}

TEST(Drain, AnIdleConnectionIsClosedAtOnce) {
  Port port(patient());
  Client client = port.connect();
  ASSERT_TRUE(port.eventually([&] { return port.sessions().open_count() == 1; }));
  begin_drain(port);
  EXPECT_EQ(port.on_loop([&] { return port.sessions().open_count(); }), 0u);
  EXPECT_TRUE(client.ends());
}

TEST(Drain, APacketThatIsAdmittedGoesOn) {
  Port port(patient());
  port.on_loop([&] { port.sink.next_admission = queue::Admission::waiting; });
  Client waiting = port.connect();
  waiting.send(post(small_body));
  ASSERT_TRUE(port.eventually([&] { return port.sink.waiting.size() == 1; }));
  Client half = port.connect();
  half.send("POST /v1/pack");
  ASSERT_TRUE(port.eventually([&] { return port.sessions().busy_count() == 2; }));
  begin_drain(port);
  expect_sent_away(half);
  half.close();
  ASSERT_TRUE(port.eventually([&] { return port.sessions().open_count() == 1; }));
  EXPECT_EQ(port.on_loop([&] { return port.sessions().busy_count(); }), 1u);
  port.on_loop([&] { port.sink.settle(queue::Settlement::delivered); });
  EXPECT_EQ(waiting.read()->status, 200u);
}

}  // namespace
}  // namespace logdist::ingest::test
