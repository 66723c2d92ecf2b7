#include "admin/status.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/telemetry/sample_scrape.hpp"

namespace logdist::admin {
namespace {

using OrderedJson = nlohmann::ordered_json;
using ::testing::ElementsAre;

OrderedJson status_of(const telemetry::Scrape& scrape, const std::string& why_not_ready = {},
                      const EventLog& events = EventLog()) {
  return OrderedJson::parse(
      to_status_json(scrape, {"1.2.3", why_not_ready, std::chrono::microseconds(61'234'567)}, events));
}

std::vector<std::string> keys(const OrderedJson& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.items()) names.push_back(name);
  return names;
}

TEST(Status, HasTheseKeysInThisOrder) {
  const OrderedJson status = status_of(telemetry::sample_scrape());
  EXPECT_THAT(keys(status),
              ElementsAre("version", "uptime_seconds", "ready", "why_not_ready", "connections", "max_connections",
                          "buffered_bytes", "queue", "retries", "totals", "ledger", "analyzers", "removed_analyzers",
                          "clients", "clients_not_shown", "sources", "events"));
  EXPECT_THAT(keys(status["clients"][0]),
              ElementsAre("name", "packets", "messages", "bytes", "refused", "queue_packets", "queue_packets_max"));
  EXPECT_THAT(keys(status["queue"]),
              ElementsAre("packets", "bytes", "max_packets", "max_bytes", "storage", "sync", "disk"));
  EXPECT_THAT(keys(status["queue"]["disk"]),
              ElementsAre("directory", "packets", "packets_unread", "bytes", "max_bytes", "segments", "recovered",
                          "recovered_read", "recovering", "recovery_seconds", "replayed", "taking_packets",
                          "damaged_records", "sync_seconds"));
  EXPECT_THAT(keys(status["ledger"]), ElementsAre("admitted", "recovered", "queued", "spilled", "waiting", "in_flight",
                                                  "delivered", "dead_lettered", "handed_back", "lost", "imbalance"));
  EXPECT_THAT(keys(status["totals"]), ElementsAre("packets_received", "messages_received", "received_bytes",
                                                  "received_by_format", "caller_runs", "packets_rejected",
                                                  "packets_dead_lettered", "residence_seconds", "residence_buckets"));
  EXPECT_THAT(
      keys(status["analyzers"][0]),
      ElementsAre("name", "url", "state", "in_service", "paused", "drained", "ejected", "ejections", "weight",
                  "target_share", "delivered_share", "deficit", "debt", "catch_ups", "in_flight", "max_in_flight",
                  "delivered", "failures", "attempts", "latency_seconds", "latency_buckets", "zone", "source"));
}

TEST(Status, ShowsTheAnonymousOnesAndTheBusiestClients) {
  telemetry::Scrape scrape;
  scrape.clients[0].places = 7;
  scrape.books.clients.resize(300);
  for (ClientId id = 1; id < 300; ++id) {
    scrape.clients.push_back({id, "c" + std::to_string(id), 2, id == 299 ? 5u : 0u});
    scrape.books.clients[id].received = {id, 10, 20};
  }
  scrape.books.clients[4].refused[static_cast<std::size_t>(ClientRefusal::rate)] = 1'000;
  const OrderedJson status = status_of(scrape);
  const auto& clients = status["clients"];
  ASSERT_EQ(clients.size(), 100u);
  EXPECT_EQ(status["clients_not_shown"], 200);
  EXPECT_EQ(clients[0]["name"], "anonymous");
  EXPECT_EQ(clients[0]["queue_packets"], 7);
  EXPECT_EQ(clients[1].dump(),
            R"({"name":"c4","packets":4,"messages":10,"bytes":20,"refused":{"rate":1000},"queue_packets":2,)"
            R"("queue_packets_max":null})");
  EXPECT_EQ(clients[2]["name"], "c299");
  EXPECT_EQ(clients[2]["queue_packets_max"], 5);
  EXPECT_EQ(clients[99]["name"], "c202");
}

TEST(Status, SaysWhatTheScrapeSays) {
  const OrderedJson status = status_of(telemetry::sample_scrape(), "nobody is there");
  EXPECT_EQ(status["ready"], false);
  EXPECT_EQ(status["why_not_ready"], "nobody is there");
  EXPECT_EQ(status["uptime_seconds"], 61.234);
  EXPECT_EQ(status["max_connections"], 9'000);
  EXPECT_EQ(status["connections"], 64);
  EXPECT_EQ(status["buffered_bytes"], 777);
  EXPECT_EQ(status["retries"], (OrderedJson{{"in_flight", 35}, {"max_in_flight", 36}}));
  EXPECT_EQ(status["queue"]["packets"], 6);
  EXPECT_EQ(status["queue"]["max_bytes"], 268'435'456);
  EXPECT_EQ(status["queue"]["storage"], "disk");
  EXPECT_EQ(status["queue"]["sync"], "always");
  EXPECT_EQ(status["queue"]["disk"]["packets_unread"], 6);
  EXPECT_EQ(status["queue"]["disk"]["recovered"], 7);
  EXPECT_EQ(status["queue"]["disk"]["recovered_read"], 5);
  EXPECT_EQ(status["queue"]["disk"]["recovery_seconds"], 0.25);
  EXPECT_EQ(status["totals"]["messages_received"], 1'900);
  EXPECT_EQ(status["totals"]["packets_rejected"]["invalid_body"], 1);
  EXPECT_EQ(status["totals"]["packets_dead_lettered"]["max_rounds"], 1);
  EXPECT_DOUBLE_EQ(status["totals"]["residence_seconds"]["p50"], 0.0375);
  EXPECT_EQ(status["totals"]["residence_buckets"]["0.05"], 2);
  EXPECT_EQ(status["ledger"]["admitted"], OrderedJson({{"packets", 10}, {"messages", 500}}));
  EXPECT_EQ(status["ledger"]["waiting"], OrderedJson({{"packets", 2}, {"messages", 100}}));
  EXPECT_EQ(status["ledger"]["imbalance"], OrderedJson({{"packets", 0}, {"messages", 0}}));
}

TEST(Status, AQueueInMemoryHasNoDisk) {
  telemetry::Scrape scrape = telemetry::sample_scrape();
  scrape.storage = {};
  EXPECT_EQ(status_of(scrape)["queue"], OrderedJson({{"packets", 6},
                                                     {"bytes", 12'345},
                                                     {"max_packets", 10'000},
                                                     {"max_bytes", 268'435'456},
                                                     {"storage", "memory"}}));
}

TEST(Status, SaysWhatRemovedAnalyzersHaveDone) {
  telemetry::Scrape scrape = telemetry::sample_scrape();
  scrape.removed = {scrape.analyzers.front()};
  scrape.analyzers.front().drained = true;
  const OrderedJson status = status_of(scrape);
  EXPECT_EQ(status["analyzers"][0]["drained"], true);
  EXPECT_EQ(status["analyzers"][1]["drained"], false);
  ASSERT_EQ(status["removed_analyzers"].size(), 1u);
  EXPECT_THAT(keys(status["removed_analyzers"][0]), ElementsAre("name", "url", "in_flight", "delivered", "failures"));
  EXPECT_EQ(status["removed_analyzers"][0]["delivered"], OrderedJson({{"packets", 2}, {"messages", 100}}));
}

TEST(Status, SaysWhatIsKnownOfEachAnalyzer) {
  const OrderedJson analyzers = status_of(telemetry::sample_scrape())["analyzers"];
  ASSERT_EQ(analyzers.size(), 2u);
  EXPECT_EQ(analyzers[0]["name"], "a");
  EXPECT_EQ(analyzers[0]["url"], "http://a:9101/analyze");
  EXPECT_EQ(analyzers[0]["state"], "healthy");
  EXPECT_EQ(analyzers[0]["delivered"], OrderedJson({{"packets", 2}, {"messages", 100}}));
  EXPECT_EQ(analyzers[0]["delivered_share"], 1.0);
  EXPECT_EQ(analyzers[0]["deficit"], -3.25);
  EXPECT_EQ(analyzers[0]["attempts"]["delivered"], 2);
  EXPECT_DOUBLE_EQ(analyzers[0]["latency_seconds"]["p50"], 0.00375);
  EXPECT_EQ(analyzers[0]["latency_buckets"]["0.005"], 2);
  EXPECT_EQ(analyzers[1]["latency_buckets"]["0.005"], 0);
  EXPECT_EQ(analyzers[1]["state"], "testing");
  EXPECT_EQ(analyzers[1]["in_service"], false);
  EXPECT_EQ(analyzers[1]["weight"], 41.5);
  EXPECT_EQ(analyzers[1]["failures"], 12);
  EXPECT_EQ(analyzers[1]["delivered"], OrderedJson({{"packets", 0}, {"messages", 0}}));
  EXPECT_EQ(analyzers[1]["latency_seconds"], OrderedJson({{"p50", 0.0}, {"p95", 0.0}, {"p99", 0.0}}));
}

TEST(Status, BearsAUrlThatIsNotUtf8) {
  telemetry::Scrape scrape = telemetry::sample_scrape();
  scrape.analyzers[0].url = "http://a/\xff";
  EXPECT_EQ(status_of(scrape)["analyzers"][0]["url"], "http://a/\uFFFD");
}

TEST(Status, CountsByTheUpperBounds) {
  telemetry::Scrape scrape = telemetry::sample_scrape();
  scrape.books.residence.observe(std::chrono::seconds(11));
  const OrderedJson buckets = status_of(scrape)["totals"]["residence_buckets"];
  EXPECT_THAT(keys(buckets), ElementsAre("0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025",
                                         "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"));
  EXPECT_EQ(buckets["0.05"], 2);
  EXPECT_EQ(buckets["10"], 0);
  EXPECT_EQ(buckets["+Inf"], 1);
}

TEST(Status, TheLineIsTheSameWithoutEvents) {
  const telemetry::Scrape scrape = telemetry::sample_scrape();
  const std::string line = to_status_line(scrape, {"1.2.3", {}, std::chrono::microseconds(61'234'567)});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  OrderedJson status = status_of(scrape);
  status.erase("events");
  EXPECT_EQ(OrderedJson::parse(line), status);
}

TEST(Status, HasTheNewestEventsOldestFirst) {
  EventLog log;
  for (int i = 1; i <= 25; ++i) log.post({.text = std::to_string(i)});
  const OrderedJson events = status_of(telemetry::sample_scrape(), {}, log)["events"];
  ASSERT_EQ(events.size(), 20u);
  EXPECT_EQ(events.front()["number"], 6);
  EXPECT_EQ(events.back()["text"], "25");
}

TEST(Status, SaysWhatIsKnownOfAnEvent) {
  Event event{.kind = EventKind::state, .warning = true, .analyzer = "a\xff", .text = "two\nlines"};
  event.number = 7;
  event.at = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'042));
  const std::string line = to_event_line(event);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(OrderedJson::parse(line), OrderedJson({{"number", 7},
                                                   {"at", "2023-11-14T22:13:20.042Z"},
                                                   {"kind", "state"},
                                                   {"warning", true},
                                                   {"analyzer", "a\uFFFD"},
                                                   {"text", "two\nlines"}}));
}

}  // namespace
}  // namespace logdist::admin
