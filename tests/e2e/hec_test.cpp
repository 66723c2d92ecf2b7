// Splunk's clients.
#include <gmock/gmock.h>

#include "tests/e2e/checks.hpp"

namespace logdist::e2e {
namespace {

using nlohmann::json;

class Hec : public testing::Test {
 protected:
  Settings settings(Settings more = {}) const {
    more.insert({{"ANALYZERS", analyzers_.setting()}, {"HEALTH__BACKOFF__MAX", "500ms"}});
    return more;
  }
  Analyzers analyzers_;
};

/// As /readyz says it.
TEST_F(Hec, HealthIsReadiness) {
  DaemonProcess daemon(settings({{"QUEUE__MAX_PACKETS", "1"}, {"HEALTH__INTERVAL", "50ms"}}));
  test::HttpClient client(daemon.packet_url());
  EXPECT_EQ(client.get("/services/collector/health").body, R"({"text":"HEC is healthy","code":17})");
  EXPECT_EQ(client.get("/ready").body, "ready\n");
  EXPECT_EQ(daemon.readyz(), 200u);
  analyzers_.stop_all();
  EXPECT_EQ(client.post("/services/collector/event", R"({"event":"a"})").status, 200u);
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
