// Attempts that go alone: what they bring about befalls nobody else.
#include "tests/sink/http/fixture.hpp"

namespace logdist::sink {
namespace {

using namespace std::chrono_literals;

class Alone : public UpstreamTest {
 protected:
  Parcel& send_alone(AnalyzerId analyzer, const std::string& id = {}) {
    Parcel& parcel = make(analyzer);
    if (!id.empty()) parcel.packet.id = id;
    parcel.attempt.alone = true;
    upstream->send(parcel.attempt, Clock::now());
    return parcel;
  }
};

/// Answers all but the ids in `deadly`, whose connections it resets.
auto resetting(const std::set<std::string>& deadly) {
  return [deadly](Session& session, const ReceivedRequest& request) {
    if (deadly.contains(request.id())) {
      session.reset();
    } else {
      session.send(no_content);
    }
  };
}

TEST_F(Alone, HasNobodyBesideItOnItsConnection) {
  ScriptedServer server(io);
  server.on_request = resetting({"id-40"});
  start();
  const AnalyzerId analyzer = add(server, 4);
  for (int i = 0; i < 40; ++i) deliver(analyzer);  // pipelines are deep now
  Parcel& deadly = send_alone(analyzer);
  send_many(analyzer, 200);
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(deadly.outcome(), Outcome::connection_broken);
  EXPECT_TRUE(deadly.counted());
  EXPECT_EQ(outcomes()[Outcome::delivered], 240u) << "nobody else was on its connection";
}

TEST_F(Alone, GetsItsConnectionThoughAllAreBusy) {
  ScriptedServer server(io);
  server.on_request = resetting({"id-50"});
  start();
  const AnalyzerId analyzer = add(server, 1);
  for (int i = 0; i < 50; ++i) deliver(analyzer);
  std::size_t behind = 0;
  on_ended = [&](Parcel&) {  // there is always more to be sent
    if (behind++ < 500) send(analyzer);
  };
  Parcel& deadly = send_alone(analyzer);
  send_many(analyzer, 20);
  ASSERT_TRUE(run_until([&] { return deadly.ended(); }));
  EXPECT_EQ(deadly.outcome(), Outcome::connection_broken);
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(outcomes()[Outcome::delivered], parcels.size() - 1);
}

TEST_F(Alone, LeavesHalfOfTheConnectionsToTheOthers) {
  ScriptedServer server(io);
  server.on_request = [](Session& session, const ReceivedRequest& request) {
    if (request.id() >= "id-00" && request.id() < "id-08") return;  // never answered
    session.send(no_content);
  };
  PoolOptions options;
  options.timeout = 5s;
  start(options);
  const AnalyzerId analyzer = add(server, 4);
  for (int i = 0; i < 8; ++i) send_alone(analyzer, "id-0" + std::to_string(i));
  send_many(analyzer, 100);
  ASSERT_TRUE(run_until([&] { return outcomes()[Outcome::delivered] == 100; }));
  EXPECT_EQ(ended, 100u) << "and the eight have been waiting all the time";
  upstream->recall(analyzer, Clock::now());
  EXPECT_EQ(outcomes()[Outcome::unsent], 6u) << "two were on their way";
  ASSERT_TRUE(run_until_all_ended());
}

}  // namespace
}  // namespace logdist::sink
