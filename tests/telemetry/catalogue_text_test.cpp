// The text that Prometheus reads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "logdist/telemetry/catalogue.hpp"
#include "tests/telemetry/sample_scrape.hpp"

namespace logdist::telemetry {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(CatalogueText, EachFactGoesToItsSeries) {
  const std::vector<std::string> lines = lines_of(to_text(sample_scrape(), "1.2.3"));
  for (const char* line : {
           R"(logdist_packets_received_total{format="packet"} 21)",
           R"(logdist_packets_received_total{format="otlp"} 0)",
           R"(logdist_messages_received_total{format="packet"} 1900)",
           R"(logdist_received_bytes_total{format="packet"} 2100)",
           R"(logdist_packets_rejected_total{reason="invalid_body",format="packet"} 1)",
           R"(logdist_packets_rejected_total{reason="draining",format="none"} 0)",
           "logdist_caller_runs_total 1",
           "logdist_connections 64",
           "logdist_connections_capacity 9000",
           "logdist_connections_evicted_total 2",
           "logdist_buffered_bytes 777",
           "logdist_buffered_capacity_bytes 134217728",
           "logdist_queue_packets 6",
           "logdist_queue_bytes 12345",
           "logdist_queue_capacity_packets 10000",
           "logdist_queue_capacity_bytes 268435456",
           "logdist_queue_disk_bytes 9000000",
           "logdist_queue_disk_capacity_bytes 99000000",
           "logdist_queue_disk_packets 13",
           "logdist_queue_segments 2",
           "logdist_queue_sync_duration_seconds_count 1",
           "logdist_queue_sync_packets_bucket{le=\"0\"} 1",
           "logdist_queue_sync_packets_bucket{le=\"2\"} 1",
           "logdist_queue_sync_packets_bucket{le=\"4\"} 2",
           "logdist_queue_sync_packets_bucket{le=\"+Inf\"} 3",
           "logdist_queue_sync_packets_sum 5003",
           "logdist_packets_recovered_total 7",
           "logdist_queue_damaged_records_total 1",
           "logdist_queue_disk_errors_total{operation=\"allocate\"} 15",
           "logdist_queue_disk_errors_total{operation=\"remove\"} 19",
           "logdist_hec_channels 5",
           "logdist_hec_acks_pending 20",
           "logdist_hec_acks_delivered_total 21",
           "logdist_hec_acks_forgotten_total{state=\"pending\"} 22",
           "logdist_hec_acks_forgotten_total{state=\"delivered\"} 23",
           "logdist_packets_admitted_total 10",
           "logdist_messages_admitted_total 500",
           "logdist_packets_handed_back_total 1",
           "logdist_packets_dead_lettered_total{reason=\"max_rounds\"} 1",
           "logdist_packets_dead_lettered_total{reason=\"shutdown\"} 0",
           "logdist_dead_letter_write_failures_total 3",
           "logdist_requests_resent_total 4",
           "logdist_packet_residence_seconds_count 2",
           "logdist_packet_residence_seconds_bucket{le=\"0.025\"} 0",
           "logdist_packet_residence_seconds_bucket{le=\"0.05\"} 2",
           "logdist_packet_residence_seconds_bucket{le=\"+Inf\"} 2",
       }) {
    EXPECT_THAT(lines, Contains(line));
  }
}

TEST(CatalogueText, EachFactOfAnAnalyzerGoesToItsSeries) {
  const std::vector<std::string> lines = lines_of(to_text(sample_scrape(), "1.2.3"));
  for (const char* line : {
           "logdist_analyzer_state{analyzer=\"a\",state=\"healthy\"} 1",
           "logdist_analyzer_state{analyzer=\"a\",state=\"testing\"} 0",
           "logdist_analyzer_state{analyzer=\"b\",state=\"testing\"} 1",
           "logdist_analyzer_in_service{analyzer=\"a\"} 1",
           "logdist_analyzer_in_service{analyzer=\"b\"} 0",
           "logdist_analyzer_failures_total{analyzer=\"b\"} 12",
           "logdist_analyzer_weight{analyzer=\"b\"} 41.5",
           "logdist_share_delivered_ratio{analyzer=\"a\"} 1",
           "logdist_share_delivered_ratio{analyzer=\"b\"} 0",
           "logdist_deficit_messages{analyzer=\"a\"} -3.25",
           "logdist_debt_messages{analyzer=\"a\"} 7.5",
           "logdist_catch_ups_total{analyzer=\"b\"} 3",
           "logdist_in_flight_packets{analyzer=\"b\"} 6",
           "logdist_in_flight_capacity_packets{analyzer=\"b\"} 257",
           "logdist_packets_delivered_total{analyzer=\"a\"} 2",
           "logdist_messages_delivered_total{analyzer=\"a\"} 100",
           "logdist_messages_delivered_total{analyzer=\"b\"} 0",
           "logdist_delivery_attempts_total{analyzer=\"a\",outcome=\"delivered\"} 2",
           "logdist_delivery_attempts_total{analyzer=\"b\",outcome=\"timeout\"} 0",
           "logdist_delivery_duration_seconds_count{analyzer=\"a\"} 2",
           "logdist_delivery_duration_seconds_bucket{analyzer=\"a\",le=\"0.005\"} 2",
       }) {
    EXPECT_THAT(lines, Contains(line));
  }
}

TEST(CatalogueText, TheLedgerShowsEachTermAndTheImbalance) {
  Scrape scrape = sample_scrape();
  const std::vector<std::string> balanced = lines_of(to_text(scrape, "1.2.3"));
  for (const char* line : {
           "logdist_packets_admitted_total 10",
           "logdist_ledger_packets{state=\"recovered\"} 7",
           "logdist_ledger_packets{state=\"spilled\"} 6",
           "logdist_ledger_packets{state=\"lost\"} 1",
           "logdist_ledger_packets{state=\"queued\"} 3",
           "logdist_ledger_packets{state=\"waiting\"} 2",
           "logdist_ledger_packets{state=\"in_flight\"} 1",
           "logdist_ledger_packets{state=\"delivered\"} 2",
           "logdist_ledger_packets{state=\"dead_lettered\"} 1",
           "logdist_ledger_packets{state=\"handed_back\"} 1",
           "logdist_ledger_messages{state=\"queued\"} 150",
           "logdist_ledger_imbalance_packets 0",
           "logdist_ledger_imbalance_messages 0",
       }) {
    EXPECT_THAT(balanced, Contains(line));
  }
  scrape.books.terms.queued.subtract(50);
  const std::vector<std::string> lost = lines_of(to_text(scrape, "1.2.3"));
  EXPECT_THAT(lost, Contains("logdist_ledger_imbalance_packets 1"));
  EXPECT_THAT(lost, Contains("logdist_ledger_imbalance_messages 50"));
}

TEST(CatalogueText, EscapesWhatAnAnalyzerMayBeCalled) {
  Scrape scrape;
  scrape.analyzers = {sample_analyzer(0, "a\"b\\c\nd")};
  EXPECT_THAT(to_text(scrape, "1.2.3"), HasSubstr(R"(logdist_analyzer_in_service{analyzer="a\"b\\c\nd"} 1)"));
}

/// What promtool's parser and linter say of `text`; empty when nothing.
std::string lint(const std::string& text) {
  const std::string file = ::testing::TempDir() + "logdist_metrics_" + std::to_string(::getpid()) + ".txt";
  const std::string findings = file + ".out";
  std::ofstream(file) << text;
  const int status = std::system(("promtool check metrics < " + file + " > " + findings + " 2>&1").c_str());
  std::ifstream stream(findings);
  const std::string found{std::istreambuf_iterator<char>(stream), {}};
  std::remove(file.c_str());
  std::remove(findings.c_str());
  return status == 0 ? found : "exit status " + std::to_string(status) + ": " + found;
}

TEST(CatalogueText, PromtoolFindsNothing) {
  EXPECT_EQ(lint(to_text(sample_scrape(), "1.2.3")), "");
  EXPECT_NE(lint("# TYPE a_counter gauge\na_counter 1\n"), "") << "the linter itself must be at work";
}

TEST(CatalogueText, BearsAThousandAnalyzers) {
  Scrape scrape = sample_scrape();
  scrape.analyzers.clear();
  for (AnalyzerId id = 0; id < 1'000; ++id)
    scrape.analyzers.push_back(sample_analyzer(id, "analyzer-" + std::to_string(id)));
  const auto begun = Clock::now();
  const std::string text = to_text(scrape, "1.2.3");
  RecordProperty("milliseconds", static_cast<int>(to_seconds(Clock::now() - begun) * 1e3));
  RecordProperty("bytes", static_cast<int>(text.size()));
  EXPECT_THAT(text, HasSubstr("logdist_packets_delivered_total{analyzer=\"analyzer-999\"} 0\n"));
  EXPECT_EQ(lint(text), "");
}

}  // namespace
}  // namespace logdist::telemetry
