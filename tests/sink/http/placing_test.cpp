// How many connections there are, and what waits for them.
#include <gtest/gtest.h>

#include "tests/sink/http/fixture.hpp"

namespace logdist::sink {
namespace {

using std::chrono::milliseconds;

class PlacingTest : public UpstreamTest {
 protected:
  void begin(std::uint32_t max_connections, PoolOptions options = {}) {
    start(options);
    analyzer = add(server, max_connections);
  }
  void answer_after(milliseconds delay) {
    server.on_request = [delay](Session& session, const ReceivedRequest&) { session.send_later(no_content, delay); };
  }
  /// Answers nothing until release().
  void hold() {
    server.on_request = [this](Session& session, const ReceivedRequest&) {
      if (holding) {
        held.push_back(session.shared_from_this());
      } else {
        session.send(no_content);
      }
    };
  }
  void release() {
    holding = false;
    for (const auto& session : held) session->send(no_content);
    held.clear();
  }

  ScriptedServer server{io};
  AnalyzerId analyzer = 0;
  bool holding = true;
  std::vector<std::shared_ptr<Session>> held;
};

TEST_F(PlacingTest, ASlowAnalyzerGetsAllTheConnectionsThereMayBe) {
  answer_after(milliseconds(25));
  begin(6);
  send_many(analyzer, 150);
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(outcomes()[Outcome::delivered], 150u);
  EXPECT_EQ(server.most_open(), 6u);
  EXPECT_EQ(server.accepted(), 6u);
}

TEST_F(PlacingTest, NothingIsPutBehindARequestThatIsNotAnswered) {
  PoolOptions options;
  options.timeout = milliseconds(10'000);
  begin(4, options);
  for (int i = 0; i < 40; ++i) deliver(analyzer);  // pipelines are deep now
  server.on_request = [](Session& session, const ReceivedRequest& request) {
    if (request.id() != "id-40") session.send(no_content);
  };
  const Parcel& stuck = send(analyzer);
  io.restart();
  io.run_for(milliseconds(100));
  EXPECT_FALSE(stuck.ended());
  for (int round = 0; round < 20; ++round) {
    send_many(analyzer, 5);
    ASSERT_TRUE(run_until([&] { return ended + 1 == parcels.size(); })) << "only the first one waits";
  }
  EXPECT_EQ(outcomes()[Outcome::delivered], 140u);
}

TEST_F(PlacingTest, AFastAnalyzerGetsFew) {
  begin(32);
  for (int round = 0; round < 50; ++round) {
    send_many(analyzer, 8);
    ASSERT_TRUE(run_until_all_ended());
  }
  EXPECT_LE(server.accepted(), 8u);
}

TEST_F(PlacingTest, ASilentAnalyzerGetsMoreConnections) {
  hold();
  begin(5);
  send_many(analyzer, 5);
  ASSERT_TRUE(run_until([&] { return held.size() == 5; })) << "one request on each";
  EXPECT_EQ(server.most_open(), 5u);
  release();
  ASSERT_TRUE(run_until_all_ended());
}

TEST_F(PlacingTest, ASlowAnalyzersPipelinesAreNoDeeperThanTheTimeoutAllows) {
  PoolOptions options;
  options.timeout = milliseconds(1600);
  answer_after(milliseconds(200));
  begin(1, options);
  send_many(analyzer, 12);  // as deep as it goes, the last would be answered after 2400 ms
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::delivered, 12}}));
}

TEST_F(PlacingTest, TheBacklogIsFirstInFirstOut) {
  PoolOptions options;
  options.pipeline = 1;
  begin(1, options);
  send_many(analyzer, 30);
  ASSERT_TRUE(run_until_all_ended());
  for (std::size_t index = 0; index < 30; ++index) EXPECT_EQ(server.requests()[index].id(), parcels[index].packet.id);
}

TEST_F(PlacingTest, RecallGivesBackWhatIsUnsent) {
  hold();
  begin(1);
  send_many(analyzer, 1);
  ASSERT_TRUE(run_until([&] { return held.size() == 1; }));
  send_many(analyzer, 10);
  upstream->recall(analyzer, Clock::now());
  EXPECT_EQ(ended, 10u);
  for (std::size_t index = 1; index < 11; ++index) {
    EXPECT_EQ(parcels[index].outcome(), Outcome::unsent);
    EXPECT_FALSE(parcels[index].counted());
  }
  release();
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(parcels[0].outcome(), Outcome::delivered);
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered) << "and goes on as before";
}

TEST_F(PlacingTest, RecallStopsConnecting) {
  begin(4);
  send(analyzer);
  EXPECT_EQ(upstream->connections(analyzer), 1u);
  upstream->recall(analyzer, Clock::now());
  EXPECT_EQ(parcels[0].outcome(), Outcome::unsent);
  EXPECT_EQ(upstream->connections(analyzer), 0u);
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
}

TEST_F(PlacingTest, RecallBeforeTheFlushLeavesTheConnectionIdle) {
  begin(4);
  deliver(analyzer);
  send(analyzer);
  upstream->recall(analyzer, Clock::now());
  upstream->flush(Clock::now());
  EXPECT_EQ(parcels[1].outcome(), Outcome::unsent);
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
  EXPECT_EQ(server.requests().size(), 2u);
  EXPECT_EQ(server.accepted(), 1u);
}

TEST_F(PlacingTest, SpareConnectionsCloseWhenIdleForLong) {
  PoolOptions options;
  options.idle_timeout = milliseconds(150);
  answer_after(milliseconds(25));
  begin(4, options);
  send_many(analyzer, 40);
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(upstream->connections(analyzer), 4u);
  ASSERT_TRUE(run_until([&] { return upstream->connections(analyzer) == 1; }));
  ASSERT_TRUE(run_until([&] { return server.open() == 1; }));
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
  EXPECT_EQ(server.accepted(), 4u) << "the last one stays";
}

TEST_F(PlacingTest, ARemovedAnalyzerEndsWhatIsUnderWayAndThenItsConnections) {
  hold();
  begin(2);
  send_many(analyzer, 1);
  ASSERT_TRUE(run_until([&] { return held.size() == 1; }));
  send_many(analyzer, 5);
  upstream->remove(analyzer, Clock::now());
  EXPECT_EQ(ended, 5u);
  release();
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(parcels[0].outcome(), Outcome::delivered);
  EXPECT_EQ(upstream->connections(analyzer), 0u);
  const AnalyzerId next = add(server, 2);
  EXPECT_EQ(next, analyzer + 1);
  EXPECT_EQ(deliver(next).outcome(), Outcome::delivered);
}

TEST_F(PlacingTest, TheIdOfARemovedAnalyzerIsAnothers) {
  begin(2);
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
  upstream->remove(analyzer, Clock::now());
  // At once, before what it took is freed, too.
  for (int times = 0; times < 2; ++times) {
    const auto limits = limits_of(2);
    EXPECT_EQ(upstream->add({"127.0.0.1", server.port(), "/other", {}, limits}, analyzer), analyzer);
    EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
    EXPECT_EQ(server.requests().back().head.find("POST /other "), 0u);
    EXPECT_EQ(upstream->connections(analyzer), 1u);
    upstream->remove(analyzer, Clock::now());
    EXPECT_EQ(upstream->connections(analyzer), 0u);
    ASSERT_TRUE(run_until([&] { return server.open() == 0; }));
  }
}

TEST_F(PlacingTest, NewHeadersGoWithWhatIsNotOnAConnectionYet) {
  hold();
  start();
  const std::shared_ptr<ConnectionBudget> limits = limits_of(1);
  analyzer = upstream->add({"127.0.0.1", server.port(), "/analyze", {{"X-Key", "old"}}, limits});
  send_many(analyzer, 1);
  ASSERT_TRUE(run_until([&] { return held.size() == 1; }));
  send_many(analyzer, 1);  // waits: a connection begins with one request
  upstream->set_headers(analyzer, {"127.0.0.1", server.port(), "/analyze", {{"X-Key", "new"}}, limits});
  release();
  ASSERT_TRUE(run_until_all_ended());
  ASSERT_EQ(server.requests().size(), 2u);
  EXPECT_EQ(server.requests()[0].header("X-Key"), "old");
  EXPECT_EQ(server.requests()[1].header("X-Key"), "new");
}

TEST_F(PlacingTest, ShutdownEndsEverythingOnce) {
  hold();
  begin(2);
  send_many(analyzer, 1);
  ASSERT_TRUE(run_until([&] { return held.size() == 1; }));
  send_many(analyzer, 5);
  upstream->shutdown(Clock::now());
  EXPECT_EQ(ended, 6u);
  EXPECT_EQ(parcels[0].outcome(), Outcome::connection_broken);
  for (std::size_t index = 1; index < 6; ++index) EXPECT_EQ(parcels[index].outcome(), Outcome::unsent);
  for (const Parcel& parcel : parcels) EXPECT_FALSE(parcel.counted());
  EXPECT_EQ(upstream->connections(analyzer), 0u);
  send(analyzer);
  EXPECT_EQ(parcels[6].outcome(), Outcome::unsent);
}

TEST_F(PlacingTest, DestructionWithAttemptsUnderWayTellsNobody) {
  hold();
  begin(2);
  send_many(analyzer, 4);
  ASSERT_TRUE(run_until([&] { return !held.empty(); }));
  upstream.reset();
  release();
  ASSERT_TRUE(run_until([&] { return server.open() == 0; }));
  EXPECT_EQ(ended, 0u);
}

TEST_F(PlacingTest, TheListenerMayCallBack) {
  begin(2);
  on_ended = [&](Parcel&) {
    if (parcels.size() >= 500) return;
    send(analyzer);
    send(analyzer);
    upstream->recall(analyzer, Clock::now());
    send(analyzer);
    upstream->flush(Clock::now());
  };
  send_many(analyzer, 3);
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_GE(parcels.size(), 500u);
}

}  // namespace
}  // namespace logdist::sink
