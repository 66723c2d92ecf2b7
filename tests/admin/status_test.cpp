#include "admin/status.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/metrics/sample_scrape.hpp"

namespace logdist::admin {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::ElementsAre;

Json status_of(const metrics::Scrape& scrape, bool ready = true) {
  return Json::parse(to_status_json(scrape, ready, "1.2.3"));
}

std::vector<std::string> keys(const Json& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.items()) names.push_back(name);
  return names;
}

TEST(Status, HasTheseKeysInThisOrder) {
  const Json status = status_of(metrics::sample_scrape());
  EXPECT_THAT(keys(status), ElementsAre("version", "ready", "connections", "buffered_bytes", "queue", "totals",
                                        "ledger", "analyzers"));
  EXPECT_THAT(keys(status["queue"]), ElementsAre("packets", "bytes", "max_packets", "max_bytes"));
  EXPECT_THAT(keys(status["ledger"]), ElementsAre("admitted", "queued", "waiting", "in_flight", "delivered",
                                                  "dead_lettered", "handed_back", "imbalance"));
  EXPECT_THAT(keys(status["totals"]),
              ElementsAre("packets_received", "messages_received", "received_bytes", "caller_runs", "packets_rejected",
                          "packets_dead_lettered", "residence_seconds"));
  EXPECT_THAT(keys(status["analyzers"][0]),
              ElementsAre("name", "url", "state", "in_service", "paused", "weight", "target_share", "delivered_share",
                          "deficit", "debt", "catch_ups", "in_flight", "max_in_flight", "delivered", "failures",
                          "attempts", "latency_seconds"));
}

TEST(Status, SaysWhatTheScrapeSays) {
  const Json status = status_of(metrics::sample_scrape(), false);
  EXPECT_EQ(status["ready"], false);
  EXPECT_EQ(status["connections"], 64);
  EXPECT_EQ(status["buffered_bytes"], 777);
  EXPECT_EQ(status["queue"],
            Json({{"packets", 6}, {"bytes", 12'345}, {"max_packets", 10'000}, {"max_bytes", 268'435'456}}));
  EXPECT_EQ(status["totals"]["messages_received"], 1'900);
  EXPECT_EQ(status["totals"]["packets_rejected"]["invalid_body"], 1);
  EXPECT_EQ(status["totals"]["packets_dead_lettered"]["max_rounds"], 1);
  EXPECT_DOUBLE_EQ(status["totals"]["residence_seconds"]["p50"], 0.0375);
  EXPECT_EQ(status["ledger"]["admitted"], Json({{"packets", 10}, {"messages", 500}}));
  EXPECT_EQ(status["ledger"]["waiting"], Json({{"packets", 2}, {"messages", 100}}));
  EXPECT_EQ(status["ledger"]["imbalance"], Json({{"packets", 0}, {"messages", 0}}));
}

TEST(Status, SaysWhatIsKnownOfEachAnalyzer) {
  const Json analyzers = status_of(metrics::sample_scrape())["analyzers"];
  ASSERT_EQ(analyzers.size(), 2u);
  EXPECT_EQ(analyzers[0]["name"], "a");
  EXPECT_EQ(analyzers[0]["url"], "http://a:9101/analyze");
  EXPECT_EQ(analyzers[0]["state"], "healthy");
  EXPECT_EQ(analyzers[0]["delivered"], Json({{"packets", 2}, {"messages", 100}}));
  EXPECT_EQ(analyzers[0]["delivered_share"], 1.0);
  EXPECT_EQ(analyzers[0]["deficit"], -3.25);
  EXPECT_EQ(analyzers[0]["attempts"]["delivered"], 2);
  EXPECT_DOUBLE_EQ(analyzers[0]["latency_seconds"]["p50"], 0.00375);
  EXPECT_EQ(analyzers[1]["state"], "testing");
  EXPECT_EQ(analyzers[1]["in_service"], false);
  EXPECT_EQ(analyzers[1]["weight"], 41.5);
  EXPECT_EQ(analyzers[1]["failures"], 12);
  EXPECT_EQ(analyzers[1]["delivered"], Json({{"packets", 0}, {"messages", 0}}));
  EXPECT_EQ(analyzers[1]["latency_seconds"], Json({{"p50", 0.0}, {"p95", 0.0}, {"p99", 0.0}}));
}

TEST(Status, BearsAUrlThatIsNotUtf8) {
  metrics::Scrape scrape = metrics::sample_scrape();
  scrape.analyzers[0].url = "http://a/\xff";
  EXPECT_EQ(status_of(scrape)["analyzers"][0]["url"], "http://a/\uFFFD");
}

}  // namespace
}  // namespace logdist::admin
