// The catalogue as users of dashboards and alerts know it: names, kinds, labels.
#include "logdist/telemetry/catalogue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>
#include <string>

#include "tests/telemetry/sample_scrape.hpp"

namespace logdist::telemetry {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

/// "counter packets_received_total", "gauge analyzer_state{analyzer,state}" …
std::string describe(const MetricFamily& family) {
  std::ostringstream text;
  text << (family.type == MetricType::Counter ? "counter "
           : family.type == MetricType::Gauge ? "gauge "
                                              : "histogram ");
  text << family.name;
  std::string labels;
  for (const auto& label : family.metric.at(0).label) labels += (labels.empty() ? "" : ",") + label.name;
  if (!labels.empty()) text << '{' << labels << '}';
  return text.str();
}

std::set<std::string> of_the_contract() {
  return {
      "counter logdist_packets_received_total{format}",
      "counter logdist_messages_received_total{format}",
      "counter logdist_received_bytes_total{format}",
      "counter logdist_decompressed_bytes_total{encoding}",
      "counter logdist_packets_rejected_total{reason,format}",
      "counter logdist_messages_refused_total{analyzer}",
      "counter logdist_packets_admitted_total",
      "counter logdist_messages_admitted_total",
      "counter logdist_packets_handed_back_total",
      "counter logdist_caller_runs_total",
      "gauge logdist_queue_packets",
      "gauge logdist_queue_bytes",
      "gauge logdist_queue_capacity_packets",
      "counter logdist_packets_delivered_total{analyzer}",
      "counter logdist_messages_delivered_total{analyzer}",
      "counter logdist_delivery_attempts_total{analyzer,outcome}",
      "histogram logdist_delivery_duration_seconds{analyzer}",
      "histogram logdist_packet_residence_seconds",
      "gauge logdist_in_flight_packets{analyzer}",
      "gauge logdist_analyzer_state{analyzer,state}",
      "gauge logdist_analyzer_ejected{analyzer}",
      "counter logdist_analyzer_ejections_total{analyzer}",
      "gauge logdist_analyzer_weight{analyzer}",
      "gauge logdist_share_target_ratio{analyzer}",
      "gauge logdist_share_delivered_ratio{analyzer}",
      "gauge logdist_deficit_messages{analyzer}",
      "gauge logdist_debt_messages{analyzer}",
      "counter logdist_catch_ups_total{analyzer}",
      "counter logdist_packets_dead_lettered_total{reason}",
      "gauge logdist_connections",
      "gauge logdist_ready",
      "gauge logdist_config_last_reload_successful",
      "gauge logdist_config_last_reload_timestamp_seconds",
      "gauge logdist_oldest_packet_age_seconds",
      "gauge logdist_retries_in_flight_packets",
      "gauge logdist_retries_in_flight_max_packets",
      "gauge logdist_build_info{version}",
      "counter logdist_log_lines_dropped_total",
      "gauge logdist_ledger_packets{state}",
      "gauge logdist_ledger_messages{state}",
      "gauge logdist_ledger_imbalance_packets",
      "gauge logdist_ledger_imbalance_messages",
      "gauge logdist_queue_disk_bytes",
      "gauge logdist_queue_disk_packets",
      "gauge logdist_queue_segments",
      "histogram logdist_queue_sync_duration_seconds",
      "histogram logdist_queue_sync_packets",
      "counter logdist_packets_recovered_total",
      "counter logdist_packets_replayed_total",
      "counter logdist_queue_damaged_records_total",
      "counter logdist_queue_disk_errors_total{operation}",
      "counter process_cpu_seconds_total",
      "gauge process_resident_memory_bytes",
      "gauge process_virtual_memory_bytes",
      "gauge process_open_fds",
      "gauge process_max_fds",
      "gauge process_start_time_seconds",
  };
}

TEST(Catalogue, IsWhatTheContractNamesAndMore) {
  const std::set<std::string> beyond{
      "gauge logdist_connections_capacity",
      "counter logdist_connections_evicted_total",
      "gauge logdist_buffered_bytes",
      "gauge logdist_buffered_capacity_bytes",
      "gauge logdist_queue_capacity_bytes",
      "gauge logdist_queue_disk_capacity_bytes",
      "gauge logdist_in_flight_capacity_packets{analyzer}",
      "gauge logdist_analyzer_in_service{analyzer}",
      "gauge logdist_analyzer_drained{analyzer}",
      "counter logdist_analyzer_failures_total{analyzer}",
      "counter logdist_dead_letter_write_failures_total",
      "counter logdist_requests_resent_total",
      "counter logdist_client_packets_total{client}",
      "counter logdist_client_messages_total{client}",
      "counter logdist_client_bytes_total{client}",
      "counter logdist_client_refused_total{client,reason}",
      "counter logdist_tls_handshakes_total{port,result}",
      "counter logdist_tls_sessions_resumed_total{port}",
      "gauge logdist_certificate_expiry_timestamp_seconds{port}",
      "gauge logdist_hec_channels",
      "gauge logdist_hec_acks_pending",
      "counter logdist_hec_acks_delivered_total",
      "counter logdist_hec_acks_forgotten_total{state}",
      "gauge process_threads",
  };
  std::set<std::string> expected = of_the_contract();
  expected.insert(beyond.begin(), beyond.end());
  std::set<std::string> found;
  for (const MetricFamily& family : collect(sample_scrape(), "1.2.3")) {
    EXPECT_TRUE(found.insert(describe(family)).second) << family.name << " is there twice";
    EXPECT_FALSE(family.help.empty()) << family.name;
  }
  EXPECT_EQ(found, expected);
}

TEST(Catalogue, EverySeriesIsThereFromTheStart) {
  Scrape scrape;
  scrape.analyzers = {sample_analyzer(0, "a"), sample_analyzer(1, "b"), sample_analyzer(2, "c")};
  std::map<std::string, std::size_t> series;
  for (const MetricFamily& family : collect(scrape, "1.2.3")) series[family.name] = family.metric.size();
  EXPECT_EQ(series["logdist_packets_rejected_total"], reject_reason_count * (core::protocol_count + 1));
  EXPECT_EQ(series["logdist_packets_received_total"], core::protocol_count);
  EXPECT_EQ(series["logdist_client_refused_total"], client_refusal_count);
  EXPECT_EQ(series["logdist_packets_dead_lettered_total"], dead_letter_reason_count);
  EXPECT_EQ(series["logdist_queue_disk_errors_total"], 5u);
  EXPECT_EQ(series["logdist_delivery_attempts_total"], 3 * outcome_count);
  EXPECT_EQ(series["logdist_analyzer_state"], 9u);
  EXPECT_EQ(series["logdist_delivery_duration_seconds"], 3u);
  EXPECT_EQ(series["logdist_ledger_packets"], 9u);
  for (const auto& [name, count] : series) EXPECT_GE(count, 1u) << name;
  EXPECT_FALSE(series.contains("logdist_tls_handshakes_total")) << "no port speaks it";
}

TEST(Catalogue, WhatARemovedAnalyzerHasCountedStays) {
  Scrape scrape = sample_scrape();
  scrape.removed = {scrape.analyzers.back()};
  scrape.analyzers.pop_back();
  for (const MetricFamily& family : collect(scrape, "1.2.3")) {
    std::set<std::string> named;
    for (const auto& metric : family.metric) {
      if (!metric.label.empty() && metric.label.front().name == "analyzer") named.insert(metric.label.front().value);
    }
    if (named.empty()) continue;
    const std::set<std::string> expected =
        family.type == MetricType::Gauge ? std::set<std::string>{"a"} : std::set<std::string>{"a", "b"};
    EXPECT_EQ(named, expected) << family.name;
  }
}

TEST(Catalogue, NoSeriesIsThereTwice) {
  for (const MetricFamily& family : collect(sample_scrape(), "1.2.3")) {
    std::set<std::vector<prometheus::ClientMetric::Label>> seen;
    for (const auto& metric : family.metric) EXPECT_TRUE(seen.insert(metric.label).second) << family.name;
  }
}

TEST(DeliveredShare, IsOfAllMessagesDelivered) {
  Scrape scrape = sample_scrape();
  scrape.books.terms.delivered = {8, 400};
  scrape.books.analyzers[0].delivered = {2, 100};
  EXPECT_DOUBLE_EQ(delivered_share(scrape, scrape.analyzers[0]), 0.25);
  EXPECT_DOUBLE_EQ(delivered_share(scrape, scrape.analyzers[1]), 0);
  EXPECT_DOUBLE_EQ(delivered_share(Scrape{}, scrape.analyzers[0]), 0);
}

}  // namespace
}  // namespace logdist::telemetry
