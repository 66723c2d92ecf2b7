// Removed analyzers: shown by their names for a while, and then as one.
#include "logdist/registry/analyzer_registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "logdist/server/metrics_collector.hpp"
#include "logdist/telemetry/catalogue.hpp"

namespace logdist::registry {
namespace {

using testing::HasSubstr;
using testing::Not;

class AnalyzerRegistryTest : public ::testing::Test {
 protected:
  AnalyzerRegistryTest() {
    config::Options options;
    options.analyzers = {named("stays")};
    registry.emplace(options, 2);
    views.resize(1);
    book(0);
  }
  static config::AnalyzerOptions named(const std::string& name) {
    config::AnalyzerOptions analyzer;
    analyzer.name = name;
    analyzer.url = "http://" + name;
    return analyzer;
  }
  /// One that has taken a packet of three messages, failed twice and been removed.
  AnalyzerId come_and_go(const std::string& name) {
    const AnalyzerId id = registry->enter(named(name), 4);
    (*registry)[id].lifecycle = RegistryEntry::Lifecycle::present;
    registry->remove(id, now);
    views.emplace_back().removed = true;
    views.back().failures = 2;
    book(id);
    return id;
  }
  void book(AnalyzerId id) {
    books.analyzers.resize(id + 1);
    books.analyzers[id].delivered.add(3);
    books.terms.admitted.add(3);
    books.terms.delivered.add(3);
  }
  telemetry::Scrape scrape() {
    telemetry::Scrape result;
    result.books = books;
    registry->fold_removed(views, now);
    server::show_analyzers(result, *registry, views);
    return result;
  }
  /// Packets delivered over all that are shown: those of the books.
  static void expect_conserved(const telemetry::Scrape& scrape) {
    ledger::Amount sum;
    for (const auto* list : {&scrape.analyzers, &scrape.removed}) {
      for (const telemetry::AnalyzerFacts& facts : *list) sum += telemetry::counts_of(scrape, facts).delivered;
    }
    EXPECT_EQ(sum, scrape.books.terms.delivered);
  }

  TimePoint now = TimePoint(std::chrono::hours(1000));
  std::optional<AnalyzerRegistry> registry;
  std::vector<dispatch::AnalyzerView> views;
  ledger::Snapshot books;
};

TEST_F(AnalyzerRegistryTest, ARemovedOneIsShownForAnHour) {
  come_and_go("gone");
  now += AnalyzerRegistry::shown_for - std::chrono::seconds(1);
  const telemetry::Scrape before = scrape();
  ASSERT_EQ(before.removed.size(), 1u);
  EXPECT_EQ(before.removed[0].name, "gone");
  expect_conserved(before);

  now += std::chrono::seconds(1);
  const telemetry::Scrape after = scrape();
  ASSERT_EQ(after.removed.size(), 1u);
  EXPECT_EQ(after.removed[0].name, server::folded_name);
  EXPECT_EQ(after.removed[0].failures, 2u);
  expect_conserved(after);
  const std::string text = telemetry::to_text(after, "1");
  EXPECT_THAT(text, Not(HasSubstr("gone")));
  EXPECT_THAT(text, HasSubstr("logdist_packets_delivered_total{analyzer=\"(removed)\"} 1\n"));
}

TEST_F(AnalyzerRegistryTest, WhileAPacketIsUnderWayItStays) {
  const AnalyzerId id = come_and_go("gone");
  views[id].account.in_flight = 1;
  now += AnalyzerRegistry::shown_for;
  EXPECT_EQ(scrape().removed.at(0).name, "gone");
  views[id].account.in_flight = 0;
  EXPECT_EQ(scrape().removed.at(0).name, server::folded_name);
}

TEST_F(AnalyzerRegistryTest, OneThatComesAgainAfterwardsCountsFromZero) {
  come_and_go("gone");
  now += AnalyzerRegistry::shown_for;
  scrape();
  const AnalyzerId id = registry->enter(named("gone"), 4);
  (*registry)[id].lifecycle = RegistryEntry::Lifecycle::present;
  views.emplace_back();
  const telemetry::Scrape again = scrape();
  ASSERT_EQ(again.analyzers.size(), 2u);
  EXPECT_EQ(telemetry::counts_of(again, again.analyzers[1]).delivered.packets, 0);
  ASSERT_EQ(again.removed.size(), 1u);
  EXPECT_EQ(telemetry::counts_of(again, again.removed[0]).delivered.packets, 1) << "no counter goes backwards";
  expect_conserved(again);
}

TEST_F(AnalyzerRegistryTest, OneThatComesAgainInTimeGoesOn) {
  come_and_go("gone");
  const AnalyzerId id = registry->enter(named("gone"), 4);
  (*registry)[id].lifecycle = RegistryEntry::Lifecycle::present;
  views.emplace_back();
  const telemetry::Scrape again = scrape();
  EXPECT_TRUE(again.removed.empty());
  EXPECT_EQ(telemetry::counts_of(again, again.analyzers.at(1)).delivered.packets, 1);
  EXPECT_EQ(again.analyzers[1].failures, 2u);
  EXPECT_EQ(again.analyzers[0].failures, 0u);
  expect_conserved(again);
}

TEST_F(AnalyzerRegistryTest, ManyThatComeAndGoAreBounded) {
  for (int index = 0; index < 2000; ++index) come_and_go("pod-" + std::to_string(index));
  const telemetry::Scrape many = scrape();
  EXPECT_EQ(many.removed.size(), AnalyzerRegistry::shown_max + 1);
  EXPECT_EQ(many.removed.front().name, "pod-1900") << "the latest ones are shown";
  expect_conserved(many);
  EXPECT_LT(telemetry::to_text(many, "1").size(), 500'000u);
}

}  // namespace
}  // namespace logdist::registry
