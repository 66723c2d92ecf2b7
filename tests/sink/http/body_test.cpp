// What follows the head of an answer: it can cost the connection, never the packet.
#include <gtest/gtest.h>

#include "tests/sink/http/fixture.hpp"

namespace logdist::sink {
namespace {

using std::chrono::milliseconds;

constexpr auto head_of_five = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
constexpr auto chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

class BodyTest : public UpstreamTest {
 protected:
  void begin(Duration timeout = std::chrono::seconds(5), std::uint32_t max_connections = 1) {
    PoolOptions options;
    options.timeout = timeout;
    start(options);
    analyzer = add(server, max_connections);
  }
  void answer_all_with(std::string bytes, bool then_close = false) {
    server.on_request = [bytes = std::move(bytes), then_close](Session& session, const ReceivedRequest&) {
      session.send(bytes);
      if (then_close) session.close();
    };
  }
  void expect_all_delivered() {
    EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::delivered, parcels.size()}}));
    EXPECT_EQ(counted_failures(), 0u);
  }

  ScriptedServer server{io};
  AnalyzerId analyzer = 0;
};

TEST_F(BodyTest, TheHeadDeliversAndTheConnectionIsUsedAgainAfterItsBody) {
  std::shared_ptr<Session> answering;
  server.on_request = [&](Session& session, const ReceivedRequest&) {
    answering = session.shared_from_this();
    session.send(head_of_five);
  };
  begin();
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
  EXPECT_EQ(upstream->connections(analyzer), 1u);
  answering->send("hello");
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
  EXPECT_EQ(server.accepted(), 1u);
}

TEST_F(BodyTest, OfANativeAnalyzerSaysHowManyMessagesItDidNotTake) {
  const std::string body = R"({"errors":true,"items":[{"index":{"status":400}},{"index":{"status":201}}]})";
  answer_all_with("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  start();
  AnalyzerTarget target{"127.0.0.1", server.port(), "/", {}, limits_of(1)};
  target.native = true;
  analyzer = upstream->add(target);
  const auto deliver_bulk = [&] {
    Parcel& parcel = make(analyzer);
    parcel.packet.protocol = core::Protocol::elasticsearch;
    parcel.packet.messages = 2;
    upstream->send(parcel.attempt, Clock::now());
    upstream->flush(Clock::now());
    return run_until([&] { return parcel.ended(); });
  };
  ASSERT_TRUE(deliver_bulk());
  EXPECT_TRUE(run_until([&] { return refused_messages == 1; }));
  answer_all_with("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1a\r\n" + body.substr(0, 26) + "\r\n31\r\n" +
                  body.substr(26, 49) + "\r\n0\r\n\r\n");
  ASSERT_TRUE(deliver_bulk());
  EXPECT_TRUE(run_until([&] { return refused_messages == 2; }));
  EXPECT_EQ(server.accepted(), 1u) << "the connection is kept";
  expect_all_delivered();
}

TEST_F(BodyTest, ABodyThatNeverComesHoldsUpNoPacket) {
  answer_all_with(head_of_five);
  begin();
  for (int packet = 0; packet < 3; ++packet) EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
  EXPECT_EQ(server.accepted(), 3u);
  expect_all_delivered();
}

TEST_F(BodyTest, ABodyThatNeverComesIsNotWaitedForForEver) {
  answer_all_with(head_of_five);
  begin(milliseconds(200));
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
  ASSERT_TRUE(run_until([&] { return upstream->connections(analyzer) == 0; }));
  expect_all_delivered();
}

TEST_F(BodyTest, WhatIsPipelinedBehindALateBodyIsSentAgain) {
  begin();
  send_many(analyzer, 100);  // deepens the pipeline
  ASSERT_TRUE(run_until_all_ended());
  bool late = true;
  server.on_request = [&](Session& session, const ReceivedRequest&) {
    session.send(std::exchange(late, false) ? head_of_five : no_content);
    if (session.number() == 0) session.pause();
  };
  send_many(analyzer, 10);
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(upstream->statistics().resent, 9u);
  expect_all_delivered();
}

TEST_F(BodyTest, ABrokenBodyCostsTheConnection) {
  for (const std::string& answer : {std::string(chunked) + "no size\r\n",
                                    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + std::string(9000, 'x'),
                                    std::string("HTTP/1.1 200 OK\r\n\r\n") + std::string(2'000'000, 'x')}) {
    answer_all_with(answer);
    if (!upstream) begin();
    EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered) << answer.substr(0, 60);
    ASSERT_TRUE(run_until([&] { return upstream->connections(analyzer) == 0; })) << answer.substr(0, 60);
  }
  expect_all_delivered();
}

TEST_F(BodyTest, ACutBodyIsNoFailure) {
  begin();
  answer_all_with("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", true);
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
  server.on_request = [](Session& session, const ReceivedRequest&) {
    session.send(std::string(chunked) + "5\r\nhello\r\n");
    session.send_byte_by_byte("");
    session.close();
  };
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
  ASSERT_TRUE(run_until([&] { return upstream->connections(analyzer) == 0; }));
  expect_all_delivered();
}

TEST_F(BodyTest, AnAnalyzerWhoseBodiesAllBreakGetsOnePacketAConnection) {
  answer_all_with(std::string(chunked) + "no size\r\n");
  begin(std::chrono::seconds(5), 2);
  for (int round = 0; round < 10; ++round) {
    send_many(analyzer, 10);
    ASSERT_TRUE(run_until_all_ended());
  }
  expect_all_delivered();
  ASSERT_FALSE(capacities.empty());
  EXPECT_EQ(capacities.back(), 2u);
}

TEST_F(BodyTest, AnyFinalHeadSettlesItsPacket) {
  answer_all_with("HTTP/1.1 422 No\r\nContent-Length: 10\r\n\r\nhalf", true);
  begin();
  const Parcel& parcel = deliver(analyzer);
  EXPECT_EQ(parcel.outcome(), Outcome::refused);
  EXPECT_EQ(parcel.results[0].status, 422u);
}

TEST_F(BodyTest, WhatStandsBehindAnAnnouncedCloseDoesNotWaitForItsBody) {
  begin();
  send_many(analyzer, 100);
  ASSERT_TRUE(run_until_all_ended());
  server.on_request = [&](Session& session, const ReceivedRequest&) {
    if (session.number() > 0) return session.send(no_content);
    session.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n");
    session.pause();
  };
  send_many(analyzer, 5);
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(upstream->statistics().resent, 4u);
  expect_all_delivered();
}

TEST_F(BodyTest, SloppyAnswersAreDeliveries) {
  for (const char* answer : {"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
                             "HTTP/1.1 202\nTransfer-Encoding: chunked\n\n2   \nok\n0 \n\n",
                             "HTTP/1.1 100\n\nHTTP/1.1 103 Hints\nLink: x\n\nHTTP/1.1 200\nContent-Length: 0\n\n"}) {
    answer_all_with(answer);
    if (!upstream) begin();
    EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered) << answer;
  }
  EXPECT_EQ(server.accepted(), 1u) << "all of them keep the connection";
  expect_all_delivered();
}

// The flood is in the socket before the other's answer is, so it is read first.
TEST_F(BodyTest, AFloodingAnalyzerLetsOthersHaveTheirTurn) {
  constexpr std::size_t flood_bytes = 512 * 1024;
  ScriptedServer other(io);
  std::shared_ptr<Session> waiting;
  other.on_request = [&](Session& session, const ReceivedRequest&) { waiting = session.shared_from_this(); };
  server.on_request = [&](Session& session, const ReceivedRequest&) {
    session.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(flood_bytes) + "\r\n\r\n" +
                 std::string(flood_bytes, 'x'));
    waiting->send(no_content);
  };
  begin();
  const AnalyzerId quick = add(other, 1);
  Parcel& parcel = send(quick);
  upstream->flush(Clock::now());
  ASSERT_TRUE(run_until([&] { return waiting != nullptr; }));
  std::uint64_t reads_before = 0;
  on_ended = [&](Parcel& ended_one) {
    if (&ended_one == &parcel) reads_before = upstream->statistics().reads;
  };
  send(analyzer);
  upstream->flush(Clock::now());
  ASSERT_TRUE(run_until_all_ended());
  expect_all_delivered();
  EXPECT_GT(reads_before, 0u);
  EXPECT_LT(reads_before, 64u) << "of more than 128 for the flood";
}

}  // namespace
}  // namespace logdist::sink
