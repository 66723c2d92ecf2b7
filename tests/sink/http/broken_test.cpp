// Connections that end when they should not, and answers that are none.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sink/http/fixture.hpp"

namespace logdist::sink {
namespace {

using std::chrono::milliseconds;

class BrokenTest : public UpstreamTest {
 protected:
  void begin(Duration timeout = std::chrono::seconds(5), std::uint32_t max_connections = 1) {
    PoolOptions options;
    options.timeout = timeout;
    start(options);
    analyzer = add(server, max_connections);
  }
  /// A large body may take longer than an attempt through a layer under a sanitizer.
  void start_patiently() {
    PoolOptions options;
    options.timeout = std::chrono::seconds(25);
    start(options);
  }
  /// So many clean answers that the pipeline is at its deepest.
  void deepen() {
    send_many(analyzer, 100);
    ASSERT_TRUE(run_until_all_ended());
  }
  /// Sends as many at once, and runs until they have ended; gives their outcomes.
  std::vector<Outcome> send_together(std::size_t count) {
    const std::size_t first = parcels.size();
    send_many(analyzer, count);
    EXPECT_TRUE(run_until_all_ended());
    std::vector<Outcome> result;
    for (std::size_t index = first; index < parcels.size(); ++index) result.push_back(parcels[index].outcome());
    return result;
  }
  /// What comes of one packet that is answered with `bytes` on a new connection.
  Parcel& deliver_to(std::string bytes, bool then_close = false) {
    server.on_request = [bytes = std::move(bytes), then_close](Session& session, const ReceivedRequest&) {
      session.send(bytes);
      if (then_close) session.close();
    };
    if (!upstream) begin();
    return deliver(analyzer);
  }

  ScriptedServer server{io};
  AnalyzerId analyzer = 0;
};

TEST_F(BrokenTest, ARefusedConnectionIsAFailure) {
  boost::asio::ip::tcp::acceptor deaf(io, {boost::asio::ip::address_v4::loopback(), 0});
  const std::string port = std::to_string(deaf.local_endpoint().port());
  deaf.close();
  start();
  analyzer = upstream->add({"127.0.0.1", port, "/", {}, limits_of(4)});
  const Parcel& parcel = deliver(analyzer);
  EXPECT_EQ(parcel.outcome(), Outcome::connect_error);
  EXPECT_TRUE(parcel.counted());
  EXPECT_EQ(upstream->connections(analyzer), 0u);
  // Each failure to connect is one attempt's: the backlog goes on trying.
  send_many(analyzer, 10);
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::connect_error, 11}}));
}

TEST_F(BrokenTest, ANameThatIsNoneIsAFailure) {
  start();
  analyzer = upstream->add({std::string(300, 'a'), "80", "/", {}, limits_of(4)});
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::connect_error);
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::connect_error) << "and is looked up again";
}

TEST_F(BrokenTest, AKeptConnectionThatClosedIsTriedAgainOnANewOne) {
  begin();
  deliver(analyzer);
  // It closes on the next request without a word, as one does whose idle time was up.
  server.on_bytes = [](Session& session) {
    if (session.number() == 0) session.reset();
  };
  const Parcel& parcel = deliver(analyzer);
  EXPECT_EQ(parcel.outcome(), Outcome::delivered);
  EXPECT_TRUE(parcel.attempt.retried_stale);
  EXPECT_EQ(server.accepted(), 2u);
  EXPECT_EQ(upstream->statistics().resent, 1u);
}

TEST_F(BrokenTest, AllThatWasPipelinedOnItIsTriedAgain) {
  begin();
  deepen();
  server.on_bytes = [](Session& session) {
    if (session.number() == 0) session.reset();
  };
  EXPECT_EQ(send_together(10), std::vector<Outcome>(10, Outcome::delivered));
  EXPECT_EQ(upstream->statistics().resent, 10u);
}

TEST_F(BrokenTest, TriedAgainOnce) {
  begin();
  deliver(analyzer);
  server.on_bytes = [](Session& session) { session.reset(); };
  const Parcel& parcel = deliver(analyzer);
  EXPECT_EQ(parcel.outcome(), Outcome::connection_broken);
  EXPECT_TRUE(parcel.counted());
  EXPECT_EQ(server.accepted(), 2u);
}

TEST_F(BrokenTest, WhatWasSentAgainAndFindsNoConnectionMayHaveBeenTaken) {
  begin();
  deliver(analyzer);
  // It takes the packet, dies, and does not come back.
  server.on_request = [this](Session& session, const ReceivedRequest&) {
    server.stop_listening();
    session.reset();
  };
  const Parcel& parcel = deliver(analyzer);
  EXPECT_EQ(parcel.outcome(), Outcome::connection_broken);
  EXPECT_TRUE(parcel.counted());
  EXPECT_TRUE(parcel.attempt.retried_stale);
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::connect_error) << "the next has not been sent to anybody";
}

TEST_F(BrokenTest, ANewConnectionThatClosesIsAFailure) {
  server.on_request = [](Session& session, const ReceivedRequest&) { session.close(); };
  begin();
  const Parcel& parcel = deliver(analyzer);
  EXPECT_EQ(parcel.outcome(), Outcome::connection_broken);
  EXPECT_TRUE(parcel.counted());
  EXPECT_FALSE(parcel.attempt.retried_stale);
}

TEST_F(BrokenTest, AnIdleConnectionThatClosesIsNothing) {
  server.on_request = [](Session& session, const ReceivedRequest&) {
    session.send(no_content);
    session.close();
  };
  begin();
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
  ASSERT_TRUE(run_until([&] { return upstream->connections(analyzer) == 0; }));
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
  EXPECT_EQ(counted_failures(), 0u);
}

TEST_F(BrokenTest, ABreakUnderPipeliningIsOneFailureAndDepthOne) {
  begin();
  deepen();
  const std::size_t before = server.requests().size();
  server.on_request = [&](Session& session, const ReceivedRequest&) {
    if (session.number() > 0 || server.requests().size() == before + 1) return session.send(no_content);
    session.close();  // after the first answer of the ten
  };
  const std::vector<Outcome> result = send_together(10);
  EXPECT_EQ(result[0], Outcome::delivered);
  EXPECT_EQ(result[1], Outcome::connection_broken);
  for (std::size_t index = 2; index < 10; ++index) EXPECT_EQ(result[index], Outcome::connection_broken);
  EXPECT_EQ(counted_failures(), 1u);
  EXPECT_TRUE(std::ranges::any_of(parcels, [](const Parcel& parcel) {
    return parcel.results.at(0).counts_for_health && parcel.results.at(0).in_company;
  })) << "any of them may have broken it";
  EXPECT_EQ(upstream->statistics().resent, 0u);
  ASSERT_FALSE(capacities.empty());
  EXPECT_EQ(capacities.back(), 1u) << "one connection, one request";
}

TEST_F(BrokenTest, SilenceTimesOut) {
  server.on_request = [](Session&, const ReceivedRequest&) {};
  begin(milliseconds(50));
  const TimePoint sent = Clock::now();
  const Parcel& parcel = deliver(analyzer);
  EXPECT_EQ(parcel.outcome(), Outcome::timeout);
  EXPECT_TRUE(parcel.counted());
  EXPECT_GE(Clock::now() - sent, milliseconds(50));
  EXPECT_EQ(upstream->connections(analyzer), 0u);
}

TEST_F(BrokenTest, HalfAHeadTimesOut) {
  begin(milliseconds(50));
  EXPECT_EQ(deliver_to("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n").outcome(), Outcome::timeout);
}

TEST_F(BrokenTest, ATimeoutIsOneFailureForAllBehindIt) {
  begin(milliseconds(200));
  deepen();
  server.on_request = [](Session&, const ReceivedRequest&) {};
  const std::vector<Outcome> result = send_together(4);
  EXPECT_EQ(result[0], Outcome::timeout);
  for (std::size_t index = 1; index < 4; ++index) EXPECT_EQ(result[index], Outcome::connection_broken);
  EXPECT_EQ(counted_failures(), 1u);
}

TEST_F(BrokenTest, WaitingInTheBacklogTakesNoTime) {
  server.on_request = [](Session& session, const ReceivedRequest&) {
    session.send_later(no_content, milliseconds(20));
  };
  PoolOptions options;
  options.timeout = milliseconds(300);
  options.pipeline = 1;
  start(options);
  analyzer = add(server, 1);
  send_many(analyzer, 25);  // the last waits for longer than an attempt may take
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::delivered, 25}}));
}

TEST_F(BrokenTest, WhatIsNoHttpIsAFailure) {
  for (const std::string& bytes :
       {std::string("220 mail.example ESMTP\r\n"), std::string("HTTP/1.1 200 OK\r\nbad\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x'), std::string("HTTP/1.1 101 Switching Protocols\r\n\r\n")}) {
    const Parcel& parcel = deliver_to(bytes);
    EXPECT_EQ(parcel.outcome(), Outcome::protocol_error) << bytes.substr(0, 40);
    EXPECT_TRUE(parcel.counted());
    EXPECT_EQ(upstream->connections(analyzer), 0u);
  }
}

TEST_F(BrokenTest, ACutHeadIsABreak) {
  EXPECT_EQ(deliver_to("HTTP/1.1 200", true).outcome(), Outcome::connection_broken);
}

TEST_F(BrokenTest, ABodyUpToTheEndIsAnAnswer) {
  const Parcel& parcel = deliver_to("HTTP/1.1 200 OK\r\n\r\nall of it", true);
  EXPECT_EQ(parcel.outcome(), Outcome::delivered);
  EXPECT_TRUE(run_until([&] { return upstream->connections(analyzer) == 0; }));
}

TEST_F(BrokenTest, BytesNobodyAskedForCloseAnIdleConnection) {
  server.on_request = [](Session& session, const ReceivedRequest&) {
    session.send(no_content);
    session.send_later("HTTP/1.1 408 Request Timeout\r\n\r\n", milliseconds(1));
  };
  begin();
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
  ASSERT_TRUE(run_until([&] { return upstream->connections(analyzer) == 0; }));
  EXPECT_EQ(counted_failures(), 0u);
}

TEST_F(BrokenTest, TwoAnswersToOneRequestCloseTheConnection) {
  EXPECT_EQ(deliver_to(std::string(no_content) + no_content).outcome(), Outcome::delivered);
  EXPECT_EQ(upstream->connections(analyzer), 0u);
}

TEST_F(BrokenTest, AnEarlySuccessIsNone) {
  ScriptedServer hasty(io, 16 * 1024);
  hasty.on_bytes = [](Session& session) {
    session.pause();  // with most of the body still on our side
    session.send(no_content);
  };
  start_patiently();
  analyzer = add(hasty, 1);
  EXPECT_EQ(deliver(analyzer, 20 * 1024 * 1024).outcome(), Outcome::protocol_error);
  EXPECT_EQ(upstream->connections(analyzer), 0u);
}

TEST_F(BrokenTest, AnEarlyRefusalIsTakenAndTheConnectionClosed) {
  ScriptedServer strict(io, 16 * 1024);
  strict.on_bytes = [](Session& session) {
    if (session.number() > 0) return;
    session.pause();
    session.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
  };
  start_patiently();
  analyzer = add(strict, 1);
  Parcel& big = send(analyzer, 20 * 1024 * 1024);
  Parcel& small = send(analyzer);
  upstream->flush(Clock::now());
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(big.outcome(), Outcome::refused);
  EXPECT_EQ(big.results[0].status, 413u);
  EXPECT_EQ(small.outcome(), Outcome::delivered);
  EXPECT_EQ(strict.accepted(), 2u);
}

TEST_F(BrokenTest, AnAnswerBeforeAResetIsStillRead) {
  ScriptedServer strict(io, 16 * 1024);
  strict.on_bytes = [](Session& session) {
    session.pause();
    session.send("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    session.close();  // with unread bytes: a reset follows the answer
  };
  start_patiently();
  analyzer = add(strict, 1);
  EXPECT_EQ(deliver(analyzer, 20 * 1024 * 1024).outcome(), Outcome::refused);
}

}  // namespace
}  // namespace logdist::sink
