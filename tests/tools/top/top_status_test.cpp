#include "tools/top/top_status.hpp"

#include <gmock/gmock.h>

#include "tests/tools/top/top_sample.hpp"

namespace logdist::tools {
namespace {

TEST(TopStatus, IsReadByName) {
  const TopStatus status = sample_status(0);
  EXPECT_EQ(status.version, "1.2.3");
  EXPECT_EQ(status.uptime_seconds, 60);
  EXPECT_EQ(status.queue.max_bytes, 268'435'456u);
  EXPECT_EQ(status.totals.packets_rejected.at("draining"), 4u);
  EXPECT_EQ(status.ledger.in_flight.messages, 100);
  ASSERT_EQ(status.analyzers.size(), 2u);
  EXPECT_EQ(status.analyzers[1].state, "failed");
  EXPECT_FALSE(status.analyzers[1].drained) << "what an older daemon does not tell";
  EXPECT_EQ(status.analyzers[0].latency_buckets.at("0.005"), 45'000u);
  ASSERT_EQ(status.events.size(), 2u);
  EXPECT_TRUE(status.events[0].warning);
  EXPECT_EQ(status.events[1].number, 2u);
}

TEST(TopStatus, KnowsWhatWasRemoved) {
  const auto status = parse_top_status(
      R"({"ledger": {}, "analyzers": [], "removed_analyzers": [{"name": "g\u0007", "in_flight": 3, "failures": 2}]})");
  ASSERT_TRUE(status) << status.error().why;
  ASSERT_EQ(status->removed_analyzers.size(), 1u);
  EXPECT_EQ(status->removed_analyzers[0].name, "g\\x07");
  EXPECT_EQ(status->removed_analyzers[0].state, "removed");
  EXPECT_FALSE(status->removed_analyzers[0].in_service);
  EXPECT_EQ(status->removed_analyzers[0].in_flight, 3u);
  EXPECT_THAT(sample_status(0).removed_analyzers, ::testing::IsEmpty()) << "what an older daemon does not tell";
}

TEST(TopStatus, WhatIsNoStatusIsAnError) {
  for (const char* text : {"", "hello", "[]", "7", "null", "{}", R"({"status": "ok"})",
                           R"({"ledger": 1, "analyzers": 2})", R"({"ledger": {}, "analyzers": [{"name": 7}]})"}) {
    const auto status = parse_top_status(text);
    ASSERT_FALSE(status) << text;
    EXPECT_FALSE(status.error().why.empty());
  }
}

TEST(TopStatus, NoTextInItMovesTheCursor) {
  const auto status = parse_top_status(
      R"({"ledger": {}, "analyzers": [{"name": "a\u001b[2J"}], "events": [{"text": "two\nlines", "analyzer": "\r"}]})");
  ASSERT_TRUE(status) << status.error().why;
  EXPECT_EQ(status->analyzers[0].name, "a\\x1b[2J");
  EXPECT_EQ(status->events[0].text, "two\\x0alines");
  EXPECT_EQ(status->events[0].analyzer, "\\x0d");
}

TEST(TopBuckets, GrowthIsWhatCameBetween) {
  const TopBuckets before{{"0.1", 5}, {"+Inf", 1}};
  EXPECT_EQ(growth({{"0.1", 7}, {"+Inf", 1}}, before), (TopBuckets{{"0.1", 2}, {"+Inf", 0}}));
  EXPECT_EQ(growth({{"0.1", 7}}, {}), (TopBuckets{{"0.1", 7}}));
  EXPECT_EQ(growth({{"0.1", 2}, {"+Inf", 9}}, before), (TopBuckets{{"0.1", 2}, {"+Inf", 9}})) << "it was restarted";
}

TEST(TopBuckets, QuantilesAreInterpolatedWithinTheirBucket) {
  const TopBuckets buckets{{"0.0025", 0}, {"0.005", 100}, {"0.01", 0}, {"10", 0}, {"+Inf", 0}};
  EXPECT_DOUBLE_EQ(quantile_seconds(buckets, 0.5), 0.00375);
  EXPECT_DOUBLE_EQ(quantile_seconds(buckets, 1), 0.005);
  EXPECT_DOUBLE_EQ(quantile_seconds({{"5", 0}, {"10", 1}}, 1), 10) << "by number, not by text";
  EXPECT_DOUBLE_EQ(quantile_seconds({{"5", 1}, {"10", 0}, {"+Inf", 9}}, 0.99), 10) << "as far as is known";
  EXPECT_LT(quantile_seconds({{"5", 0}}, 0.5), 0) << "nothing was counted";
  EXPECT_LT(quantile_seconds({}, 0.5), 0);
}

}  // namespace
}  // namespace logdist::tools
