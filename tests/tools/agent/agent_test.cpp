#include "logdist/tools/agent/agent.hpp"

#include <gmock/gmock.h>

#include <boost/asio.hpp>
#include <set>

#include "tests/net/scripted_names.hpp"
#include "tests/tools/scripted_server.hpp"

namespace logdist::tools {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

/// So many packets "id-0", "id-1", …
class NumberedSource : public PacketSource {
 public:
  explicit NumberedSource(std::size_t count) : count_(count) {}

  std::optional<OutgoingPacket> next() override {
    if (made_ == count_) return std::nullopt;
    const std::string id = "id-" + std::to_string(made_++);
    return OutgoingPacket{id, "application/json", R"({"packet_id":")" + id + R"(","messages":["a","b"]})", 2};
  }

 private:
  const std::size_t count_;
  std::size_t made_ = 0;
};

AgentOptions options_for(const ScriptedServer& server) {
  AgentOptions options;
  options.target = server.url();
  options.connections = 1;
  options.backoff = {1ms, 5ms, 2, 0};
  return options;
}

struct Finished {
  AgentResult result;
  std::vector<Rejection> rejections;
  bool ended = false;
};

/// Runs an agent to its end.
Finished run(const AgentOptions& options, PacketSource& source) {
  boost::asio::io_context io(1);
  Agent agent(io, options, source);
  Finished finished;
  agent.on_rejected([&](const Rejection& rejection) { finished.rejections.push_back(rejection); });
  agent.start([&](const AgentResult& result) {
    finished.result = result;
    finished.ended = true;
  });
  io.run_for(60s);
  EXPECT_TRUE(finished.ended);
  return finished;
}

std::vector<std::string> keys(const ScriptedServer& server) {
  std::vector<std::string> keys;
  for (const auto& request : server.seen()) keys.push_back(request.idempotency_key);
  return keys;
}

TEST(Agent, SendsEachPacketOnceOverOneConnection) {
  ScriptedServer server(accept_all);
  NumberedSource source(3);
  const Finished finished = run(options_for(server), source);

  EXPECT_TRUE(finished.result.all_accepted());
  EXPECT_EQ(finished.result.packets_accepted, 3u);
  EXPECT_EQ(finished.result.messages_accepted, 6u);
  EXPECT_EQ(finished.result.retries, 0u);
  EXPECT_GT(finished.result.latency_p50, 0s);
  EXPECT_GE(finished.result.latency_p99, finished.result.latency_p50);
  EXPECT_THAT(keys(server), ElementsAre("id-0", "id-1", "id-2"));
  const auto seen = server.seen();
  EXPECT_EQ(seen[1].method, "POST");
  EXPECT_EQ(seen[1].target, "/v1/packets");
  EXPECT_EQ(seen[1].content_type, "application/json");
  EXPECT_EQ(seen[1].body, R"({"packet_id":"id-1","messages":["a","b"]})");
  EXPECT_EQ(seen[2].connection, 0u);
}

TEST(Agent, UsesAllItsConnectionsAndSendsNoMoreThanAsked) {
  // Nobody is answered before four connections are there.
  ScriptedServer server([](const SeenRequest&, std::size_t) { return ScriptedAnswer{.connections_min = 4}; });
  GeneratedSource source({.messages_min = 1, .messages_max = 9, .seed = 7});
  AgentOptions options = options_for(server);
  options.connections = 4;
  options.packets_max = 100;
  const Finished finished = run(options, source);

  EXPECT_TRUE(finished.result.all_accepted());
  EXPECT_EQ(finished.result.packets_accepted, 100u);
  std::set<std::string> ids;
  std::set<std::size_t> connections;
  for (const auto& request : server.seen()) {
    ids.insert(request.idempotency_key);
    connections.insert(request.connection);
  }
  EXPECT_EQ(server.seen().size(), 100u);
  EXPECT_EQ(ids.size(), 100u);
  EXPECT_THAT(connections, ElementsAre(0u, 1u, 2u, 3u));
}

TEST(Agent, ComesBackAfterRetryAfterWithTheSameId) {
  for (const unsigned status : {429u, 503u}) {
    ScriptedServer server([status](const SeenRequest&, std::size_t index) {
      return index == 0 ? ScriptedAnswer{.status = status, .retry_after = "1"} : ScriptedAnswer{};
    });
    NumberedSource source(2);
    const Finished finished = run(options_for(server), source);

    EXPECT_TRUE(finished.result.all_accepted());
    EXPECT_EQ(finished.result.retries, 1u);
    EXPECT_THAT(finished.result.trouble, HasSubstr(std::to_string(status)));
    EXPECT_THAT(keys(server), ElementsAre("id-0", "id-0", "id-1"));
    const auto seen = server.seen();
    EXPECT_EQ(seen[0].body, seen[1].body);
    EXPECT_GE(seen[1].at - seen[0].at, 1s);
  }
}

TEST(Agent, AllConnectionsPauseWhenOneIsAskedTo) {
  // The second request is answered when the first one's 503 has long arrived.
  ScriptedServer server([](const SeenRequest&, std::size_t index) {
    if (index == 0) return ScriptedAnswer{.status = 503, .retry_after = "2"};
    return ScriptedAnswer{.delay = index == 1 ? Duration(1s) : Duration::zero()};
  });
  NumberedSource source(6);
  AgentOptions options = options_for(server);
  options.connections = 2;
  const Finished finished = run(options, source);

  EXPECT_TRUE(finished.result.all_accepted());
  const auto seen = server.seen();
  ASSERT_EQ(seen.size(), 7u);
  for (std::size_t i = 2; i < seen.size(); ++i) EXPECT_GE(seen[i].at - seen[0].at, 2s) << i;
}

TEST(Agent, ReplacesAConnectionThatWasClosedMeanwhile) {
  ScriptedServer server([](const SeenRequest&, std::size_t) { return ScriptedAnswer{.close = true}; });
  NumberedSource source(20);
  const Finished finished = run(options_for(server), source);

  EXPECT_TRUE(finished.result.all_accepted());
  EXPECT_EQ(finished.result.packets_accepted, 20u);
  EXPECT_EQ(finished.result.retries, 0u);
  EXPECT_EQ(server.seen().back().connection, 19u);
}

TEST(Agent, TriesAgainAfterABreakOrAServerError) {
  ScriptedServer server([](const SeenRequest&, std::size_t index) {
    if (index == 0) return ScriptedAnswer{.silent = true};
    return index == 1 ? ScriptedAnswer{.status = 500} : ScriptedAnswer{};
  });
  NumberedSource source(2);
  const Finished finished = run(options_for(server), source);

  EXPECT_TRUE(finished.result.all_accepted());
  EXPECT_EQ(finished.result.retries, 2u);
  EXPECT_THAT(keys(server), ElementsAre("id-0", "id-0", "id-0", "id-1"));
}

TEST(Agent, ReportsARejectedPacketAndGoesOn) {
  ScriptedServer server([](const SeenRequest&, std::size_t index) {
    if (index == 0) return ScriptedAnswer{.status = 400, .body = R"({"detail":"not JSON at byte 7"})"};
    return index == 1 ? ScriptedAnswer{.status = 413, .body = "too\nlarge"} : ScriptedAnswer{.status = 200};
  });
  NumberedSource source(3);
  const Finished finished = run(options_for(server), source);

  EXPECT_FALSE(finished.result.all_accepted());
  EXPECT_EQ(finished.result.packets_accepted, 1u);
  EXPECT_EQ(finished.result.packets_rejected, 2u);
  EXPECT_EQ(finished.result.messages_rejected, 4u);
  EXPECT_EQ(finished.result.retries, 0u);
  ASSERT_EQ(finished.rejections.size(), 2u);
  EXPECT_EQ(finished.rejections[0].packet_id, "id-0");
  EXPECT_EQ(finished.rejections[0].status, 400u);
  EXPECT_EQ(finished.rejections[0].detail, "not JSON at byte 7");
  EXPECT_EQ(finished.rejections[1].detail, "too");
}

TEST(Agent, RejectsAPacketThatAlwaysMeetsAServerError) {
  ScriptedServer server([](const SeenRequest& request, std::size_t) {
    return ScriptedAnswer{.status = request.idempotency_key == "id-0" ? 500u : 202u};
  });
  NumberedSource source(2);
  AgentOptions options = options_for(server);
  options.failures_max = 3;
  const Finished finished = run(options, source);

  EXPECT_EQ(finished.result.packets_rejected, 1u);
  EXPECT_EQ(finished.result.packets_accepted, 1u);
  EXPECT_EQ(server.seen().size(), 4u);
}

TEST(Agent, GivesUpATargetThatIsNotThere) {
  boost::asio::io_context io;
  // Bound, but not listening: connections are refused, and nobody else gets the port.
  boost::asio::ip::tcp::socket bound(io);
  bound.open(boost::asio::ip::tcp::v4());
  bound.bind({boost::asio::ip::address_v4::loopback(), 0});
  AgentOptions options;
  options.target = {"127.0.0.1", std::to_string(bound.local_endpoint().port()), "/"};
  options.connections = 1;
  options.backoff = {1ms, 5ms, 2, 0};
  options.failures_max = 4;
  NumberedSource source(100);
  const Finished finished = run(options, source);

  EXPECT_FALSE(finished.result.all_accepted());
  EXPECT_EQ(finished.result.packets_accepted, 0u);
  EXPECT_EQ(finished.result.packets_unsettled, 1u);
  EXPECT_EQ(finished.result.retries, 3u);
  EXPECT_THAT(finished.result.failure, HasSubstr("Connection refused (after 4 tries)"));
}

TEST(Agent, GivesUpATargetThatNeverTakesAPacket) {
  ScriptedServer server([](const SeenRequest&, std::size_t) { return ScriptedAnswer{.status = 503}; });
  NumberedSource source(5);
  AgentOptions options = options_for(server);
  options.patience = 20ms;
  const Finished finished = run(options, source);

  EXPECT_EQ(finished.result.packets_accepted, 0u);
  EXPECT_THAT(finished.result.failure, HasSubstr("503"));
  EXPECT_GE(finished.result.elapsed, 20ms);
}

TEST(Agent, KeepsToItsRate) {
  ScriptedServer server(accept_all);
  NumberedSource source(30);
  AgentOptions options = options_for(server);
  options.connections = 4;
  options.packets_per_second = 100;
  const Finished finished = run(options, source);

  EXPECT_EQ(finished.result.packets_accepted, 30u);
  // 29 intervals of 10 ms, of which at most 50 ms are made good at once.
  EXPECT_GE(finished.result.elapsed, 240ms);
  const auto seen = server.seen();
  EXPECT_GE(seen[29].at - seen[0].at, 240ms);
}

TEST(Agent, StopsFromOutsideWhenAllUnderWayIsSettled) {
  boost::asio::io_context io(1);
  GeneratedSource source({.seed = 3});
  std::optional<Agent> agent;
  ScriptedServer server([&agent](const SeenRequest&, std::size_t index) {
    if (index == 50) agent->stop();
    return ScriptedAnswer{};
  });
  AgentOptions options = options_for(server);
  options.connections = 3;
  agent.emplace(io, options, source);
  std::optional<AgentResult> result;
  agent->start([&](const AgentResult& ended) { result = ended; });
  io.run_for(60s);

  ASSERT_TRUE(result);
  EXPECT_TRUE(result->all_accepted());
  EXPECT_GE(result->packets_accepted, 51u);
  EXPECT_EQ(result->packets_accepted, server.seen().size());
}

TEST(Agent, StopWaitsForSilenceOnlyAMoment) {
  boost::asio::io_context io(1);
  NumberedSource source(2);
  std::optional<Agent> agent;
  ScriptedServer server([&agent](const SeenRequest&, std::size_t) {
    agent->stop();
    return ScriptedAnswer{.delay = 1h};
  });
  AgentOptions options = options_for(server);
  options.stop_grace = 30ms;
  agent.emplace(io, options, source);
  std::optional<AgentResult> result;
  agent->start([&](const AgentResult& ended) { result = ended; });
  io.run_for(60s);

  ASSERT_TRUE(result);
  EXPECT_EQ(result->packets_unsettled, 1u);
  EXPECT_FALSE(result->all_accepted());
  EXPECT_TRUE(result->failure.empty());
}

TEST(Agent, StopsWhileANameServerIsSilent) {
  net::ScriptedNames names;
  const net::ScriptedNames::Silence silence(names, "silent");
  boost::asio::io_context io(1);
  NumberedSource source(2);
  AgentOptions options;
  options.target = {"silent", "1", "/"};
  options.connections = 3;
  options.connect_timeout = 1h;
  options.stop_grace = 30ms;
  options.lookup = names.lookup();
  Agent agent(io, options, source);
  std::optional<AgentResult> result;
  agent.start([&](const AgentResult& ended) { result = ended; });
  while (names.asked("silent") == 0) io.run_for(1ms);
  agent.stop();
  io.run_for(60s);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->packets_accepted, 0u);
  EXPECT_EQ(names.asked("silent"), 1u) << "all connections share the look-up";
}

TEST(Agent, FindsItsTargetByNameUnlessTheNameServerIsSilent) {
  ScriptedServer server(accept_all);
  net::ScriptedNames names;
  names.set("named", {"127.0.0.1"});
  NumberedSource source(4);
  AgentOptions options = options_for(server);
  options.target.host = "named";
  options.lookup = names.lookup();
  options.packets_max = 2;
  EXPECT_EQ(run(options, source).result.packets_accepted, 2u);
  const net::ScriptedNames::Silence silence(names, "named");
  options.connect_timeout = 20ms;
  EXPECT_THAT(run(options, source).result.failure, HasSubstr("cannot find the address of named"));
}

TEST(Agent, IsDestroyedInTheMidstOfItsWork) {
  ScriptedServer server([](const SeenRequest&, std::size_t) { return ScriptedAnswer{.delay = 1h}; });
  boost::asio::io_context io(1);
  GeneratedSource source({.seed = 4});
  bool ended = false;
  {
    Agent agent(io, options_for(server), source);
    agent.start([&](const AgentResult&) { ended = true; });
    while (server.seen().empty()) io.run_for(1ms);
  }
  io.run_for(60s);
  EXPECT_FALSE(ended);
  EXPECT_TRUE(io.stopped());
}

}  // namespace
}  // namespace logdist::tools
