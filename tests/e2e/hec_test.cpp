// Splunk's clients: health, and acknowledgements.
#include <gmock/gmock.h>

#include <csignal>

#include "tests/e2e/checks.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

using nlohmann::json;

const test::Headers channel{{"X-Splunk-Request-Channel", "c"}};

class Hec : public testing::Test {
 protected:
  Settings settings(Settings more = {}) const {
    more.insert({{"ANALYZERS", analyzers_.setting()}, {"SERVER__ACKS", "true"}, {"HEALTH__BACKOFF__MAX", "500ms"}});
    return more;
  }
  /// Sends so many events; their ids.
  static json send(test::HttpClient& client, int count) {
    json ids = json::array();
    for (int i = 0; i < count; ++i) {
      const test::HttpReply reply = client.post("/services/collector/event", R"({"event":"a"})", channel);
      EXPECT_EQ(reply.status, 200u) << reply.body;
      ids.push_back(json::parse(reply.body).at("ackId"));
    }
    return ids;
  }
  /// How many of these are delivered.
  static int count_true(test::HttpClient& client, const json& ids) {
    const test::HttpReply reply = client.post("/services/collector/ack", json{{"acks", ids}}.dump(), channel);
    EXPECT_EQ(reply.status, 200u) << reply.body;
    int count = 0;
    const json acks = json::parse(reply.body).at("acks");
    EXPECT_EQ(acks.size(), ids.size());
    for (const auto& [id, is_delivered] : acks.items()) count += is_delivered ? 1 : 0;
    return count;
  }
  static bool await_true(test::HttpClient& client, const json& ids) {
    return eventually([&] { return count_true(client, ids) == static_cast<int>(ids.size()); });
  }

  Analyzers analyzers_;
};

TEST_F(Hec, AnAckIsTrueOnceAnAnalyzerHasThePacket) {
  analyzers_.stop_all();
  DaemonProcess daemon(settings({{"THREADS", "3"}}));
  test::HttpClient client(daemon.packet_url());
  const json ids = send(client, 5);
  EXPECT_EQ(count_true(client, ids), 0);
  EXPECT_EQ(daemon.metrics().value("logdist_hec_channels"), 1);
  EXPECT_EQ(daemon.metrics().value("logdist_hec_acks_pending"), 5);
  for (std::size_t i = 0; i < 3; ++i) analyzers_.start(i);
  for (int i = 0; i < 3; ++i) {
    test::HttpClient of_any_loop(daemon.packet_url());
    EXPECT_TRUE(await_true(of_any_loop, ids));
  }
  EXPECT_EQ(analyzers_.packets(), 5u);
  EXPECT_EQ(daemon.metrics().value("logdist_hec_acks_pending"), 0);
  EXPECT_EQ(daemon.metrics().value("logdist_hec_acks_delivered_total"), 5);
  EXPECT_EQ(daemon.metrics().sum("logdist_hec_acks_forgotten_total"), 0);
  daemon.expect_clean_end();
}

TEST_F(Hec, AnAckOfADeadLetterIsNeverTrue) {
  const test::TemporaryFolder folder;
  analyzers_.behave({.status = 400});
  DaemonProcess daemon(settings({{"DELIVERY__DEAD_LETTER", folder.file("dead")}}));
  test::HttpClient client(daemon.packet_url());
  const json refused = send(client, 1);
  ASSERT_TRUE(eventually([&] { return folder.lines("dead").size() == 1; }));
  analyzers_.behave({});
  EXPECT_TRUE(await_true(client, send(client, 2)));
  EXPECT_EQ(count_true(client, refused), 0);
  daemon.expect_clean_end();
}

/// Most of them leave memory, and come back from the disk over another loop.
TEST_F(Hec, AnAckIsKnownThroughADurableQueue) {
  const test::TemporaryFolder folder;
  const Settings on_disk = settings({{"QUEUE__STORAGE", "disk"},
                                     {"QUEUE__DIRECTORY", folder.file("queue")},
                                     {"QUEUE__MAX_PACKETS", "2"},
                                     {"SHUTDOWN__GRACE", "100ms"},
                                     {"THREADS", "2"}});
  analyzers_.stop_all();
  json left;
  {
    DaemonProcess daemon(on_disk);
    test::HttpClient client(daemon.packet_url());
    const json ids = send(client, 20);
    EXPECT_EQ(daemon.metrics().packets("spilled"), 18);
    EXPECT_EQ(count_true(client, ids), 0);
    for (std::size_t i = 0; i < 3; ++i) analyzers_.start(i);
    EXPECT_TRUE(await_true(client, ids));
    analyzers_.stop_all();
    left = send(client, 5);
    daemon.process().terminate();
    EXPECT_EQ(daemon.process().wait_exit(patience), 2);
  }
  for (std::size_t i = 0; i < 3; ++i) analyzers_.start(i);
  DaemonProcess daemon(on_disk);
  test::HttpClient client(daemon.packet_url());
  ASSERT_TRUE(daemon.await_delivered(5));
  EXPECT_EQ(count_true(client, left), 0) << "ids are of one process";
  EXPECT_TRUE(await_true(client, send(client, 1)));
  daemon.expect_clean_end();
}

/// An agent that has missed the restart asks for what was lost by it, while others are delivered.
TEST_F(Hec, AnIdOfAnEarlierProcessSpeaksOfNoPacketOfThisOne) {
  analyzers_.stop_all();
  json lost;
  {
    DaemonProcess daemon(settings());
    test::HttpClient client(daemon.packet_url());
    lost = send(client, 3);
    daemon.process().signal(SIGKILL);
    EXPECT_EQ(daemon.process().wait_exit(patience), 128 + SIGKILL);
  }
  for (std::size_t i = 0; i < 3; ++i) analyzers_.start(i);
  DaemonProcess daemon(settings());
  test::HttpClient client(daemon.packet_url());
  EXPECT_TRUE(await_true(client, send(client, 5)));
  EXPECT_EQ(count_true(client, lost), 0);
  daemon.expect_clean_end();
}

/// As /readyz says it.
TEST_F(Hec, HealthIsReadiness) {
  DaemonProcess daemon(settings({{"QUEUE__MAX_PACKETS", "1"}, {"HEALTH__INTERVAL", "50ms"}}));
  test::HttpClient client(daemon.packet_url());
  EXPECT_EQ(client.get("/services/collector/health").body, R"({"text":"HEC is healthy","code":17})");
  EXPECT_EQ(client.get("/ready").body, "ready\n");
  EXPECT_EQ(daemon.readyz(), 200u);
  analyzers_.stop_all();
  send(client, 1);
  ASSERT_TRUE(eventually([&] { return daemon.readyz() == 503; }));
  const test::HttpReply health = client.get("/services/collector/health/1.0");
  EXPECT_EQ(health.status, 503u);
  EXPECT_EQ(json::parse(health.body).at("code"), 18);
  EXPECT_EQ(client.get("/ready").status, 503u);
  for (std::size_t i = 0; i < 3; ++i) analyzers_.start(i);
  ASSERT_TRUE(daemon.await_delivered(1));
  EXPECT_TRUE(eventually([&] { return client.get("/services/collector/health").status == 200; }));
  EXPECT_EQ(daemon.readyz(), 200u);
  daemon.expect_clean_end();
}

}  // namespace
}  // namespace logdist::e2e
