// Analyzers that do worse than the others.
#include "logdist/health/outlier/outlier_detector.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "logdist/base/random.hpp"
#include "tests/support/seed.hpp"

namespace logdist::health {
namespace {

using namespace std::chrono_literals;
using Reason = Ejection::Reason;

class Outliers : public testing::Test {
 protected:
  /// Analyzers of weight 1, all in service.
  void begin(std::size_t analyzers, const OutlierOptions& options = {.enabled = true}) {
    detector_ = std::make_unique<OutlierDetector>(options, now_);
    standings_.clear();
    for (AnalyzerId id = 0; id < analyzers; ++id) {
      detector_->enter(id);
      standings_.push_back({id, 1, true});
    }
  }
  void report(AnalyzerId analyzer, int successes, int failures, Duration latency = 10ms) {
    for (int i = 0; i < successes; ++i) detector_->on_success(analyzer, latency);
    for (int i = 0; i < failures; ++i) detector_->on_failure(analyzer);
  }
  std::vector<Ejection> end() {
    now_ = detector_->next_event();
    return detector_->end_interval(standings_, now_);
  }

  TimePoint now_ = TimePoint{} + 1h;
  std::unique_ptr<OutlierDetector> detector_;
  std::vector<OutlierDetector::Standing> standings_;
};

TEST_F(Outliers, AreFoundAmongTwoAndThreeAndMore) {
  for (const std::size_t count : {2u, 3u, 4u, 10u}) {
    begin(count);
    for (AnalyzerId id = 1; id < count; ++id) report(id, 1'000, 0);
    report(0, 900, 100);
    const auto ejected = end();
    ASSERT_EQ(ejected.size(), 1u) << count;
    EXPECT_EQ(ejected[0].analyzer, 0u);
    EXPECT_EQ(ejected[0].reason, Reason::success_rate);
    EXPECT_DOUBLE_EQ(ejected[0].value, 0.9);
    EXPECT_DOUBLE_EQ(ejected[0].others, 1);
    EXPECT_EQ(ejected[0].length, 10s);
  }
}

TEST_F(Outliers, AreBelowTheOthersByMoreThanConfigured) {
  begin(3);
  report(0, 951, 49);
  report(1, 1'000, 0);
  report(2, 1'000, 0);
  EXPECT_TRUE(end().empty()) << "4.9 %";
  report(0, 949, 51);
  report(1, 1'000, 0);
  report(2, 1'000, 0);
  EXPECT_EQ(end().size(), 1u) << "5.1 %";
}

TEST_F(Outliers, NeedEnoughPacketsAndFailures) {
  begin(3);
  const auto others = [this] {
    report(1, 100, 0);
    report(2, 100, 0);
  };
  others();
  report(0, 0, 99);
  EXPECT_TRUE(end().empty()) << "99 packets";
  others();
  report(0, 0, 100);
  EXPECT_EQ(end().size(), 1u);
  begin(3, {.enabled = true, .min_packets = 10, .min_failures = 11});
  others();
  report(0, 0, 10);
  EXPECT_TRUE(end().empty()) << "10 failures";
}

TEST_F(Outliers, AreComparedOnlyWithThoseThatGotEnoughPackets) {
  begin(2);
  report(0, 500, 500);
  report(1, 99, 0);
  EXPECT_TRUE(end().empty());
}

TEST_F(Outliers, AreNoneWhereAllFailAlike) {
  begin(3);
  for (AnalyzerId id = 0; id < 3; ++id) report(id, 500, 500);
  EXPECT_TRUE(end().empty());
}

TEST_F(Outliers, AreFurtherOffThanTheOthersAmongThemselves) {
  begin(4, {.enabled = true, .max_ejected = 1});
  report(1, 990, 10);
  report(2, 900, 100);
  report(3, 800, 200);  // the others' mean of 0 is 0.897, their deviation 0.078
  report(0, 760, 240);
  const auto ejected = end();
  EXPECT_TRUE(std::ranges::none_of(ejected, [](const Ejection& one) { return one.analyzer == 0; }));
}

TEST_F(Outliers, AreSlowerThanTheOthersByTheirFactor) {
  begin(3);
  report(0, 200, 0, 49ms);
  report(1, 200, 0, 10ms);
  report(2, 200, 0, 10ms);
  EXPECT_TRUE(end().empty());
  report(0, 200, 0, 51ms);
  report(1, 200, 0, 10ms);
  report(2, 200, 0, 10ms);
  const auto ejected = end();
  ASSERT_EQ(ejected.size(), 1u);
  EXPECT_EQ(ejected[0].reason, Reason::latency);
  EXPECT_NEAR(ejected[0].value, 0.051, 1e-6);
  EXPECT_NEAR(ejected[0].others, 0.010, 1e-6);
}

TEST_F(Outliers, AreNotMadeOfMicroseconds) {
  begin(3);
  report(0, 200, 0, 900us);
  report(1, 200, 0, 50us);
  report(2, 200, 0, 50us);
  EXPECT_TRUE(end().empty());
}

TEST_F(Outliers, OfAnEarlierIntervalAreForgotten) {
  begin(2);
  report(0, 50, 50);
  report(1, 50, 0);
  EXPECT_TRUE(end().empty()) << "of the other one too few";
  report(0, 100, 0);
  report(1, 100, 0);
  EXPECT_TRUE(end().empty());
}

TEST_F(Outliers, StayAwayLongerEachTimeAndShorterAgainOnceTheyAreWell) {
  begin(3);
  const auto judged = [this](int failures) {
    report(0, 1'000 - failures, failures);
    report(1, 1'000, 0);
    report(2, 1'000, 0);
    const auto ejected = end();
    return ejected.empty() ? Duration{} : ejected[0].length;
  };
  EXPECT_EQ(judged(200), 10s);
  EXPECT_EQ(judged(200), 20s);
  EXPECT_EQ(judged(200), 30s);
  EXPECT_EQ(judged(0), 0s);
  EXPECT_EQ(judged(200), 30s);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(judged(0), 0s);
  EXPECT_EQ(judged(200), 10s);
  for (int i = 0; i < 100; ++i) judged(200);
  EXPECT_EQ(judged(200), OutlierDetector::length_max);
}

TEST_F(Outliers, TheWorstGoesFirstAndNoMoreThanAllowed) {
  begin(4);
  standings_[3].in_service = false;
  report(0, 700, 300);
  report(1, 500, 500);
  report(2, 1'000, 0);
  const auto ejected = end();
  ASSERT_EQ(ejected.size(), 1u) << "half of the weight is to stay in service, and a quarter was out already";
  EXPECT_EQ(ejected[0].analyzer, 1u);
}

TEST_F(Outliers, AreNeverTheLastInService) {
  begin(2, {.enabled = true, .max_ejected = 1});
  standings_[0].weight = 0;
  report(0, 1'000, 0);
  report(1, 100, 900);
  EXPECT_TRUE(end().empty());
}

TEST_F(Outliers, OfANewAnalyzerWithAnOldIdAreForgotten) {
  begin(2);
  report(0, 100, 900);
  report(1, 1'000, 0);
  detector_->enter(0);
  EXPECT_TRUE(end().empty());
}

/// Of all weight, what is out of service for any reason. Whatever happens, and whoever leaves and returns.
TEST_F(Outliers, LeaveTheConfiguredWeightInService) {
  Random random(test::draw_seed());
  std::uint64_t ejections = 0;
  for (int life = 0; life < 200; ++life) {
    const auto count = 2 + random.below(12);
    const double most = random.uniform(0, 1);
    begin(count, {.enabled = true, .max_ejected = most});
    for (auto& standing : standings_) standing.weight = 1 + random.below(100);
    std::map<AnalyzerId, TimePoint> away;
    for (int interval = 0; interval < 50; ++interval) {
      for (AnalyzerId id = 0; id < count; ++id) {
        standings_[id].in_service = away[id] <= now_ && random.below(10) > 0;
        const auto failures = random.below(3) == 0 ? static_cast<int>(random.below(500)) : 0;
        if (standings_[id].in_service) report(id, 500 - failures, failures, 1ms * (1 + random.below(20)));
      }
      const auto ejected = end();
      ejections += ejected.size();
      double all = 0;
      double left = 0;
      for (const auto& standing : standings_) {
        const bool goes = std::ranges::count(ejected, standing.analyzer, &Ejection::analyzer) > 0;
        ASSERT_TRUE(!goes || standing.in_service);
        all += static_cast<double>(standing.weight);
        left += standing.in_service && !goes ? static_cast<double>(standing.weight) : 0;
      }
      for (const Ejection& one : ejected) away[one.analyzer] = now_ + one.length;
      ASSERT_TRUE(ejected.empty() || (left > 0 && left >= all * (1 - most) - 1e-9));
    }
  }
  EXPECT_GT(ejections, 500u);
}

/// No flapping: analyzers that are alike are left alone, however often packets fail, and one that is bad for good
/// spends less and less of its time in service.
TEST_F(Outliers, AreNotMadeByChance) {
  Random random(test::draw_seed());
  int ejections = 0;
  constexpr int intervals = 3'000;
  for (const double rate : {0.5, 0.9, 0.95, 0.99}) {
    begin(4);
    for (int interval = 0; interval < intervals / 4; ++interval) {
      for (AnalyzerId id = 0; id < 4; ++id) {
        for (int i = 0; i < 150; ++i) random.uniform(0, 1) < rate ? report(id, 1, 0) : report(id, 0, 1);
      }
      ejections += static_cast<int>(end().size());
    }
  }
  EXPECT_LE(ejections, intervals * 4 / 200);
}

TEST_F(Outliers, ThatStayBadAreTriedLessAndLess) {
  begin(3);
  TimePoint away_until{};
  int in_service = 0;
  int early = 0;
  const TimePoint begun = now_;
  while (now_ < begun + 1h) {
    standings_[0].in_service = now_ >= away_until;
    if (standings_[0].in_service) {
      ++in_service;
      early += now_ < begun + 10min ? 1 : 0;
      report(0, 800, 200);
    }
    report(1, 1'000, 0);
    report(2, 1'000, 0);
    for (const Ejection& one : end()) away_until = now_ + one.length;
  }
  EXPECT_LE(in_service, 30);
  EXPECT_GE(early, in_service / 4);
}

}  // namespace
}  // namespace logdist::health
