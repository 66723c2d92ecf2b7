// Slow agents, and the one timer of a loop.
#include <gtest/gtest.h>

#include "logdist/ingest/deadline_set.hpp"
#include "port.hpp"

namespace logdist::ingest::test {
namespace {

using namespace std::chrono_literals;

void expect_timeout(Port& port, std::string_view part_of_request) {
  Client client = port.connect();
  client.send(post(small_body));
  EXPECT_EQ(client.read()->status, 202u);
  client.send(part_of_request);
  const auto answer = client.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408u);
  EXPECT_EQ(answer->header("connection"), "close");
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(port.rejected(RejectReason::timeout), 1u);
  EXPECT_EQ(port.memory().held_bytes(), 0u);
  EXPECT_EQ(port.on_loop([&] { return port.sink.out(); }), 0u);
}

TEST(Timeouts, ASlowHeadIs408) {
  Port port(with_timeouts(50ms, 1h, 1h));
  expect_timeout(port, "POST /v1/pack");
}

TEST(Timeouts, ASlowBodyIs408) {
  Port port(with_timeouts(1h, 50ms, 1h));
  const std::string request = post(small_body);
  expect_timeout(port, std::string_view(request).substr(0, request.size() - 5));
}

TEST(Timeouts, ASlowChunkedBodyIs408) {
  Port port(with_timeouts(1h, 50ms, 1h));
  expect_timeout(port,
                 "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n5\r\nab");
}

TEST(Timeouts, AnIdleConnectionIsClosedInSilence) {
  Port port(with_timeouts(1h, 1h, 50ms));
  Client fresh = port.connect();
  EXPECT_TRUE(fresh.ends());
  Client used = port.connect();
  used.send(post(small_body));
  EXPECT_EQ(used.read()->status, 202u);
  EXPECT_TRUE(used.ends());
  EXPECT_EQ(port.rejected(RejectReason::timeout), 0u);
}

TEST(Timeouts, AWaitForItsDeliveryIsNoSlowBody) {
  Port port(with_timeouts(1ms, 1ms, 1ms));
  port.on_loop([&] { port.sink.next_admission = queue::Admission::waiting; });
  Client waiting = port.connect();
  waiting.send(post(small_body));
  ASSERT_TRUE(port.eventually([&] { return port.sink.waiting.size() == 1; }));
  Client idle = port.connect();
  EXPECT_TRUE(idle.ends());  // the loop's timer has run since
  port.on_loop([&] { port.sink.settle(queue::Settlement::delivered); });
  EXPECT_EQ(waiting.read()->status, 200u);
}

TEST(Timeouts, AnAgentThatEndsWithHalfAnEmptyLineIsIdle) {
  Port port(with_timeouts(1h, 1h, 50ms));
  port.on_loop([&] { port.sink.next_admission = queue::Admission::waiting; });
  Client client = port.connect();
  client.send(post(small_body) + "\r");
  ASSERT_TRUE(port.eventually([&] { return port.sink.waiting.size() == 1; }));
  port.on_loop([&] { port.sink.settle(queue::Settlement::delivered); });
  EXPECT_EQ(client.read()->status, 200u);
  EXPECT_TRUE(client.ends());
}

TEST(Timeouts, AnAgentThatDoesNotReadItsAnswersIsCut) {
  Port port(with_timeouts(1h, 1h, 300ms));
  port.on_loop([&] { port.sink.remember = false; });
  Client client = port.connect();
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += "GET /x HTTP/1.1\r\nHost: t\r\n\r\n";
  while (client.try_send(requests)) {  // until the port no longer reads, and then until it cuts
  }
  EXPECT_TRUE(port.eventually([&] { return port.sessions().open_count() == 0; }));
}

/// Notes when it expires.
class Note final : public Deadline {
 public:
  void expired(TimePoint now) override { expired_at.push_back(now); }
  std::vector<TimePoint> expired_at;
};

TEST(DeadlineSet, ExpiresInTimeWhicheverWayTheDeadlineMoved) {
  boost::asio::io_context loop;
  DeadlineSet deadlines(loop);
  Note still, later, earlier, cleared, removed;
  const TimePoint start = Clock::now();
  for (Note* note : {&still, &later, &earlier, &cleared, &removed}) deadlines.set(*note, start + 300ms);
  deadlines.set(later, start + 600ms);
  deadlines.set(earlier, start + 100ms);
  deadlines.set(cleared, never);
  deadlines.remove(removed);
  loop.run();  // until nothing is filed any more
  for (const auto& [note, due] : {std::pair{&still, 300ms}, {&later, 600ms}, {&earlier, 100ms}}) {
    ASSERT_EQ(note->expired_at.size(), 1u);
    EXPECT_GE(note->expired_at[0], start + due);
  }
  EXPECT_LT(earlier.expired_at[0], still.expired_at[0]);
  EXPECT_LT(still.expired_at[0], later.expired_at[0]);
  EXPECT_TRUE(cleared.expired_at.empty());
  EXPECT_TRUE(removed.expired_at.empty());
}

}  // namespace
}  // namespace logdist::ingest::test
