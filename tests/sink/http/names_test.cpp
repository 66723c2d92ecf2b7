// Analyzers that are named, not addressed.
#include "tests/sink/http/fixture.hpp"

namespace logdist::sink {
namespace {

class NamesTest : public UpstreamTest {
 protected:
  AnalyzerId add_named(const std::string& host) { return upstream->add({host, server.port(), "/", {}, limits_of(4)}); }

  ScriptedServer server{io};
};

TEST_F(NamesTest, ANameIsLookedUpOnceForManyConnections) {
  scripted_names.set("analyzer", {"127.0.0.1"});
  server.on_request = [](Session& session, const ReceivedRequest&) {
    session.send("HTTP/1.0 204 No Content\r\n\r\n");
    session.close();
  };
  start();
  const AnalyzerId analyzer = add_named("analyzer");
  send_many(analyzer, 20);
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::delivered, 20}}));
  EXPECT_EQ(server.accepted(), 20u);
  EXPECT_EQ(scripted_names.asked("analyzer"), 1u);
}

TEST_F(NamesTest, ASilentNameHoldsUpNoOtherAnalyzer) {
  for (const char* host : {"silent", "other"}) scripted_names.set(host, {"127.0.0.1"});
  start();
  const AnalyzerId silent = add_named("silent");
  const AnalyzerId other = add_named("other");
  Parcel* waiting = nullptr;
  {
    const net::ScriptedNames::Silence silence(scripted_names, "silent");
    waiting = &send(silent);
    ASSERT_TRUE(scripted_names.wait_until_asked("silent", 1));
    EXPECT_EQ(deliver(other).outcome(), Outcome::delivered);
    EXPECT_FALSE(waiting->ended());
  }
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(waiting->outcome(), Outcome::delivered) << "found in time after all";
}

TEST_F(NamesTest, ANameNotFoundInTimeIsAConnectError) {
  PoolOptions options;
  options.timeout = std::chrono::milliseconds(50);
  start(options);
  const AnalyzerId silent = add_named("silent");
  const net::ScriptedNames::Silence silence(scripted_names, "silent");
  const Parcel& lost = deliver(silent);
  EXPECT_EQ(lost.outcome(), Outcome::connect_error);
  EXPECT_TRUE(lost.counted());
}

TEST_F(NamesTest, AnUnknownNameIsAConnectErrorAndLookedUpAgain) {
  start();
  const AnalyzerId analyzer = add_named("nowhere");
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::connect_error);
  scripted_names.set("nowhere", {"127.0.0.1"});
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
}

TEST_F(NamesTest, AddressesThatAreOfNoUseAreForgotten) {
  start();
  const AnalyzerId analyzer = add_named("moved");
  scripted_names.set("moved", {"127.0.0.2"});  // where nobody listens on this port
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::connect_error);
  scripted_names.set("moved", {"127.0.0.1"});
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
}

TEST_F(NamesTest, AnswersAfterTheEndAreHarmless) {
  start();
  const AnalyzerId analyzer = add_named("silent");
  net::NameAnswer told_next;
  {
    const net::ScriptedNames::Silence silence(scripted_names, "silent");
    send_many(analyzer, 3);
    names.find("silent", Clock::now(), told_next.handler());
    upstream.reset();
  }
  EXPECT_TRUE(told_next.get().first);
  io.poll();
  EXPECT_EQ(ended, 0u);
}

}  // namespace
}  // namespace logdist::sink
