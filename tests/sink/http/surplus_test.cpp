// Answers that nobody asked for, and those that nobody can have asked for yet.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sink/http/fixture.hpp"

namespace logdist::sink {
namespace {

class SurplusTest : public UpstreamTest {
 protected:
  /// With a pipeline at its deepest.
  void begin() {
    start();
    analyzer = add(server, 4);
    send_many(analyzer, 100);
    ASSERT_TRUE(run_until_all_ended());
  }
  /// Sends so many packets together: most requests that a connection has brought.
  std::size_t most_on_one_connection(std::size_t count) {
    std::map<std::size_t, std::size_t> brought;  // by connection
    std::size_t most = 0;
    server.on_request = [&](Session& session, const ReceivedRequest&) {
      most = std::max(most, ++brought[session.number()]);
      session.send(no_content);
    };
    send_many(analyzer, count);
    EXPECT_TRUE(run_until_all_ended());
    EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::delivered, parcels.size()}}));
    return most;
  }
  /// Behind its answer to one packet the analyzer sends `bytes`.
  void deliver_with(const std::string& bytes) {
    server.on_request = [&bytes](Session& session, const ReceivedRequest&) { session.send(no_content + bytes); };
    const std::size_t before = upstream->connections(analyzer);
    deliver(analyzer);
    ASSERT_TRUE(run_until([&] { return upstream->connections(analyzer) < before; }));
  }

  ScriptedServer server{io};
  AnalyzerId analyzer = 0;
};

TEST_F(SurplusTest, WhoAnswersTwiceGetsOneRequestAConnection) {
  begin();
  deliver_with(no_content);
  EXPECT_EQ(most_on_one_connection(40), 1u);
}

/// As some do before they close an idle connection.
TEST_F(SurplusTest, AnErrorThatNobodyAskedForIsNoSecondAnswer) {
  begin();
  deliver_with("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
  EXPECT_GT(most_on_one_connection(40), 1u);
}

TEST_F(SurplusTest, AnAnswerThatBeganBeforeItsRequestWasWrittenIsNone) {
  ScriptedServer hasty(io, 16 * 1024);
  Session* asked = nullptr;
  hasty.on_bytes = [&asked](Session& session) {
    if (asked != nullptr) return;
    asked = &session;
    session.pause();
    session.send("HTTP/1.1 204 No ");
  };
  hasty.on_request = [](Session& session, const ReceivedRequest&) { session.send("Content\r\n\r\n"); };
  PoolOptions options;
  options.timeout = std::chrono::seconds(25);
  start(options);
  analyzer = add(hasty, 1);
  const Parcel& parcel = send(analyzer, 20 * 1024 * 1024);
  upstream->flush(Clock::now());
  ASSERT_TRUE(run_until([&] { return upstream->statistics().reads > 0; }));
  asked->resume();
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(parcel.outcome(), Outcome::protocol_error);
}

}  // namespace
}  // namespace logdist::sink
