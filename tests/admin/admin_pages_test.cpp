// What each page says.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/admin/admin_fixture.hpp"

namespace logdist::admin {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class AdminPages : public AdminTest {};

TEST_F(AdminPages, HealthzSaysThatWeAreAlive) {
  start();
  ready_ = false;
  const auto reply = connect().get("/healthz");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->result_int(), 200u);
  EXPECT_EQ((*reply)[http::field::content_type], "text/plain; charset=utf-8");
  EXPECT_EQ((*reply)[http::field::cache_control], "no-store");
  EXPECT_THAT(std::string((*reply)[http::field::date]),
              MatchesRegex("[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"));
  EXPECT_EQ(reply->body(), "alive\n");
  const auto other = connect().get("/health");  // as on the packet port
  ASSERT_TRUE(other);
  EXPECT_EQ(other->result_int(), 200u);
  EXPECT_EQ(other->body(), "alive\n");
}

TEST_F(AdminPages, ReadyzFollowsItsSource) {
  start();
  Client client = connect();
  EXPECT_EQ(client.get("/readyz")->result_int(), 200u);
  ready_ = false;
  const auto reply = client.get("/readyz");
  EXPECT_EQ(reply->result_int(), 503u);
  EXPECT_EQ((*reply)[http::field::retry_after], "1");
  EXPECT_EQ((*reply)[http::field::content_type], "application/json");
  EXPECT_EQ(reply->body(), "{\"ready\":false,\"reasons\":[\"nobody is there\"]}\n");
  ready_ = true;
  EXPECT_EQ(client.get("/readyz")->result_int(), 200u);
}

TEST_F(AdminPages, MetricsAreThePrometheusText) {
  start();
  const auto reply = connect().get("/metrics");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->result_int(), 200u);
  EXPECT_EQ((*reply)[http::field::content_type], "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(reply->body(), HasSubstr("\nlogdist_queue_packets 6\n"));
  EXPECT_THAT(reply->body(), HasSubstr("\nlogdist_build_info{version=\"1.2.3\"} 1\n"));
}

TEST_F(AdminPages, StatusIsJson) {
  start();
  const auto reply = connect().get("/v1/status");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->result_int(), 200u);
  EXPECT_EQ((*reply)[http::field::content_type], "application/json");
  const auto status = nlohmann::json::parse(reply->body());
  EXPECT_EQ(status["version"], "1.2.3");
  EXPECT_EQ(status["queue"]["packets"], 6);
  EXPECT_EQ(status["analyzers"].size(), 2u);
}

TEST_F(AdminPages, AScrapeMayComeFromAnotherThread) {
  std::jthread worker;
  request_scrape_ = [&worker](ScrapeReceiver receive) {
    worker = std::jthread([receive = std::move(receive)] { receive(telemetry::sample_scrape()); });
  };
  start();
  const auto reply = connect().get("/metrics");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->result_int(), 200u);
  stop();
}

TEST_F(AdminPages, AScrapeThatNeverComesIsA503) {
  std::vector<ScrapeReceiver> kept;
  request_scrape_ = [&kept](ScrapeReceiver receive) { kept.push_back(std::move(receive)); };
  Limits limits;
  limits.request_timeout = std::chrono::milliseconds(50);
  start(limits);
  Client client = connect();
  const auto reply = client.get("/metrics");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->result_int(), 503u);
  EXPECT_EQ((*reply)[http::field::retry_after], "1");
  on_loop([&kept] { kept.at(0)(telemetry::sample_scrape()); });
  EXPECT_EQ(client.get("/healthz")->result_int(), 200u) << "a scrape that comes too late does no harm";
  stop();
}

TEST_F(AdminPages, OtherRequestsAreServedWhileOneWaitsForItsScrape) {
  std::promise<ScrapeReceiver> asked;
  request_scrape_ = [&asked](ScrapeReceiver receive) { asked.set_value(std::move(receive)); };
  start();
  Client waiting = connect();
  waiting.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const ScrapeReceiver receive = asked.get_future().get();
  EXPECT_EQ(connect().get("/healthz")->result_int(), 200u);
  receive(telemetry::sample_scrape());
  EXPECT_EQ(waiting.receive()->result_int(), 200u);
  stop();
}

}  // namespace
}  // namespace logdist::admin
