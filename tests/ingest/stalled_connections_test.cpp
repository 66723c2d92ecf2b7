// Which connections make room for others when they wait for their agents.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "port.hpp"

namespace logdist::ingest::test {
namespace {

using namespace std::chrono_literals;

/// None is idle, and each that is here is waited for.
class ConnectionLimitStalled : public testing::Test {
 protected:
  static config::ServerOptions two_connections() {
    config::ServerOptions options = with_timeouts(1h, 1h, 1h);
    options.max_connections = 2;
    return options;
  }

  void expect_newcomer_is_served() {
    Client newcomer = port_.connect();
    newcomer.send(post(small_body));
    EXPECT_EQ(newcomer.read()->status, 202u);
    EXPECT_EQ(port_.rejected(RejectReason::too_many_connections), 0u);
    EXPECT_EQ(port_.counts().connections_evicted, 1u);
  }

  /// Sends `bytes`, and waits until the session has read them and waits for more.
  Client connect_and_send(std::string_view bytes, std::size_t busy) {
    Client client = port_.connect();
    client.send(bytes);
    EXPECT_TRUE(port_.eventually(
        [&] { return port_.sessions().busy_count() == busy && port_.sessions().eviction_times().first() != never; }));
    return client;
  }

  Port port_{two_connections(), 30s, nullptr, {.stalled_after = 0s}};
};

TEST_F(ConnectionLimitStalled, TheHalfHeadThatIsOldestMakesRoom) {
  Client first = connect_and_send("POST /v1/pack", 1);
  Client second = connect_and_send("POST /v1/pack", 2);
  expect_newcomer_is_served();
  EXPECT_EQ(first.read()->status, 408u);
  EXPECT_TRUE(first.ends());
  second.send(post(small_body).substr(13));
  EXPECT_EQ(second.read()->status, 202u) << "one had to go, not two";
}

TEST_F(ConnectionLimitStalled, HalfABodyThatDoesNotComeMakesRoom) {
  const std::string request = post(std::string(5000, ' ').append(small_body));
  Client first = connect_and_send(request.substr(0, 400), 1);
  Client second = connect_and_send(request.substr(0, 400), 2);
  expect_newcomer_is_served();
  EXPECT_EQ(first.read()->status, 408u);
  second.send(request.substr(400));
  EXPECT_EQ(second.read()->status, 202u);
}

TEST_F(ConnectionLimitStalled, ABodyThatComesAtTheLeastRateIsNotClosedForOthers) {
  const std::string request = post(std::string(500'000, ' ').append(small_body));
  Client first = connect_and_send(request.substr(0, 400), 1);
  Client second = connect_and_send("POST /v1/pack", 2);
  first.send(request.substr(400, 200'000));
  ASSERT_TRUE(port_.eventually([&] { return port_.memory().held_bytes() > 200'000; }));
  expect_newcomer_is_served();
  EXPECT_EQ(second.read()->status, 408u);
  first.send(request.substr(200'400));
  EXPECT_EQ(first.read()->status, 202u);
}

TEST_F(ConnectionLimitStalled, WhoHasHadItsLastAnswerMakesRoom) {
  Client first = port_.connect(), second = port_.connect();
  for (Client* refused : {&first, &second}) {
    refused->send("\x01\x02\r\n\r\n");
    EXPECT_EQ(refused->read()->status, 400u);
  }
  expect_newcomer_is_served();
}

TEST_F(ConnectionLimitStalled, AnAnswerThatIsNotReadMakesRoom) {
  const std::string health = "GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n";
  port_.on_loop([this] { port_.sink.next_admission = queue::Admission::waiting; });
  Client waiting = port_.connect();
  waiting.send(post(small_body));
  ASSERT_TRUE(port_.eventually([this] { return port_.sink.waiting.size() == 1; }));
  port_.on_loop([this] { port_.sink.next_admission = queue::Admission::queued; });
  Client deaf(port_.endpoint(), 4096);
  std::string many;
  for (int i = 0; i < 100; ++i) many += health;
  bool stuck = false;
  for (int round = 0; round < 1000 && !stuck; ++round) {
    deaf.try_send(many);
    int in_a_row = 0;  // once may be within a head, of which the rest is on its way
    ASSERT_TRUE(port_.eventually([&] {
      const std::size_t busy = port_.sessions().busy_count();
      in_a_row = busy == 2 && port_.sessions().eviction_times().first() != never ? in_a_row + 1 : 0;
      stuck = in_a_row == 20;
      return stuck || busy == 1;  // or all is answered, and more is to come
    }));
  }
  ASSERT_TRUE(stuck);
  expect_newcomer_is_served();
  port_.on_loop([this] { port_.sink.settle(queue::Settlement::delivered); });
  EXPECT_EQ(waiting.read()->status, 200u);
}

}  // namespace
}  // namespace logdist::ingest::test
