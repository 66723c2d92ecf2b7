// What one loop learns of an analyzer is not what all of them know.
#include "tests/sink/http/fixture.hpp"

namespace logdist::sink {
namespace {

constexpr std::uint32_t connections_at_most = 4;
constexpr std::uint32_t depth_at_most = 8;

/// The analyzer closes after each answer; another loop fares as the test says.
class CapacityTest : public UpstreamTest {
 protected:
  CapacityTest() {
    server.on_request = [](Session& session, const ReceivedRequest&) {
      session.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
      session.close();
    };
    PoolOptions options;
    options.pipeline = depth_at_most;
    start(options);
    analyzer = upstream->add({"127.0.0.1", server.port(), "/", {}, limits});
    limits->join(&other_loop, depth_at_most);
  }

  void capacity_changed(AnalyzerId id, std::uint32_t packets, TimePoint now) override {
    UpstreamTest::capacity_changed(id, packets, now);
    if (on_capacity) std::exchange(on_capacity, nullptr)();
  }

  ScriptedServer server{io};
  const std::shared_ptr<ConnectionBudget> limits = std::make_shared<ConnectionBudget>(connections_at_most, 2);
  const int other_loop = 0;
  AnalyzerId analyzer = 0;
  std::function<void()> on_capacity;
};

TEST_F(CapacityTest, ALoopWithoutTrafficHasNoSay) {
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
  EXPECT_EQ(capacities, std::vector<std::uint32_t>({connections_at_most}));
}

TEST_F(CapacityTest, ALoopThatPipelinesIsNotHeldDownByOneThatCannot) {
  limits->learn(&other_loop, depth_at_most);
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
  EXPECT_EQ(capacities, std::vector<std::uint32_t>());
  EXPECT_EQ(limits->capacity(), connections_at_most * depth_at_most);
  EXPECT_TRUE(limits->learn(&other_loop, 1));
  EXPECT_EQ(limits->capacity(), connections_at_most) << "neither can";
}

TEST_F(CapacityTest, WhatIsToldLastIsWhatItIs) {
  on_capacity = [&] { limits->learn(&other_loop, 2); };
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
  EXPECT_EQ(capacities, std::vector<std::uint32_t>({connections_at_most, 2 * connections_at_most}));
}

}  // namespace
}  // namespace logdist::sink
