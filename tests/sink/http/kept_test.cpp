// Analyzers that keep their connections, those that don't, and what is learnt.
#include <gtest/gtest.h>

#include "tests/sink/http/fixture.hpp"

namespace logdist::sink {
namespace {

constexpr auto closing = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";

class KeptTest : public UpstreamTest {
 protected:
  void begin(std::uint32_t max_connections, std::uint32_t pipeline) {
    PoolOptions options;
    options.pipeline = pipeline;
    start(options);
    analyzer = add(server, max_connections);
  }
  void expect_all_delivered() {
    ASSERT_TRUE(run_until_all_ended());
    EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::delivered, parcels.size()}}));
    EXPECT_EQ(server.requests().size(), parcels.size()) << "nothing arrived twice";
    EXPECT_EQ(capacities, expected_capacities);
  }

  ScriptedServer server{io};
  AnalyzerId analyzer = 0;
  std::vector<std::uint32_t> expected_capacities;
};

TEST_F(KeptTest, Http10IsOnePacketAConnection) {
  server.on_request = [](Session& session, const ReceivedRequest&) {
    session.send("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
    session.close();
  };
  begin(4, 8);
  send_many(analyzer, 60);
  expected_capacities = {4};
  expect_all_delivered();
  EXPECT_EQ(server.accepted(), 60u);
  EXPECT_LE(server.most_open(), 8u) << "those we closed, it may not have noticed yet";
}

TEST_F(KeptTest, AnAnnouncedCloseIsOnePacketAConnectionUntilItIsNot) {
  bool closes = true;
  server.on_request = [&](Session& session, const ReceivedRequest&) {
    session.send(closes ? closing : no_content);
    if (closes) session.close();
  };
  begin(4, 8);
  send_many(analyzer, 20);
  expected_capacities = {4};
  expect_all_delivered();
  EXPECT_EQ(server.accepted(), 20u);
  closes = false;
  send_many(analyzer, 20);
  expected_capacities = {4, 32};
  expect_all_delivered();
  EXPECT_LT(server.accepted(), 30u) << "some were tried before a second answer on one was believed";
}

TEST_F(KeptTest, AClosingAnalyzerThatSaysNothingIsFoundOut) {
  server.on_request = [](Session& session, const ReceivedRequest&) {
    if (session.requests() > 1) return;  // came too late, is not looked at
    session.send(no_content);
    session.close();
  };
  begin(4, 8);
  for (int round = 0; round < 20; ++round) {
    send_many(analyzer, 20);
    ASSERT_TRUE(run_until_all_ended());
  }
  EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::delivered, parcels.size()}}));
  ASSERT_FALSE(capacities.empty());
  EXPECT_EQ(capacities.back(), 4u);
  EXPECT_LE(upstream->statistics().resent, 40u) << "not one for each packet";
}

// As nginx does it (keepalive_requests): what stood behind is not looked at.
TEST_F(KeptTest, TheAnnouncedEndOfALongLifeCostsNothing) {
  server.on_request = [](Session& session, const ReceivedRequest&) {
    if (session.requests() < 50) return session.send(no_content);
    if (session.requests() > 50) return;
    session.send(closing);
    session.close();
  };
  begin(4, 8);
  send_many(analyzer, 2000);
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::delivered, 2000}}));
  EXPECT_TRUE(capacities.empty());
  EXPECT_GT(upstream->statistics().resent, 0u) << "the pipelines were deep when they ended";
}

TEST_F(KeptTest, AnAnalyzerThatBreaksUnderPipeliningIsServedWithoutIt) {
  server.on_bytes = [](Session& session) {
    // More than one request at once is more than it can take.
    if (session.partial().find("POST", 1) != std::string::npos) session.reset();
  };
  begin(1, 8);
  for (int round = 0; round < 5; ++round) {
    send_many(analyzer, 20);
    ASSERT_TRUE(run_until_all_ended());
  }
  EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::delivered, 100}}));
  ASSERT_FALSE(capacities.empty());
  EXPECT_EQ(capacities.back(), 1u);
}

}  // namespace
}  // namespace logdist::sink
