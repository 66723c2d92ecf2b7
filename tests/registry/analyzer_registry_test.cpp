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
    const AnalyzerId id = enter(name);
    registry->remove(id, now);
    views[id].removed = true;
    views[id].failures = 2;
    book(id);
    return id;
  }
  /// As a reload makes it known to all others.
  AnalyzerId enter(const std::string& name) {
    const AnalyzerId id = registry->enter(named(name), 4);
    if (id < views.size()) {
      books.folded += books.analyzers[id];
      books.analyzers[id] = {};
    }
    registry->admit(id, id < views.size() ? &views[id] : nullptr);
    views.resize(std::max(views.size(), id + std::size_t{1}));
    views[id] = {};
    return id;
  }
  void book(AnalyzerId id) {
    books.analyzers.resize(std::max(books.analyzers.size(), id + std::size_t{1}));
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
  come_and_go("left");
  now += AnalyzerRegistry::shown_for - std::chrono::seconds(1);
  const telemetry::Scrape before = scrape();
  ASSERT_EQ(before.removed.size(), 1u);
  EXPECT_EQ(before.removed[0].name, "left");
  expect_conserved(before);

  now += std::chrono::seconds(1);
  const telemetry::Scrape after = scrape();
  ASSERT_EQ(after.removed.size(), 1u);
  EXPECT_EQ(after.removed[0].name, server::folded_name);
  EXPECT_EQ(after.removed[0].failures, 2u);
  expect_conserved(after);
  const std::string text = telemetry::to_text(after, "1");
  EXPECT_THAT(text, Not(HasSubstr("\"left\"")));
  EXPECT_THAT(text, HasSubstr("logdist_packets_delivered_total{analyzer=\"gone\"} 1\n"));
}

TEST_F(AnalyzerRegistryTest, WhileAPacketIsUnderWayItStays) {
  const AnalyzerId id = come_and_go("left");
  views[id].account.in_flight = 1;
  now += AnalyzerRegistry::shown_for;
  EXPECT_EQ(scrape().removed.at(0).name, "left");
  views[id].account.in_flight = 0;
  EXPECT_EQ(scrape().removed.at(0).name, server::folded_name);
}

TEST_F(AnalyzerRegistryTest, OneThatComesAgainAfterwardsCountsFromZero) {
  come_and_go("left");
  now += AnalyzerRegistry::shown_for;
  scrape();
  enter("left");
  const telemetry::Scrape again = scrape();
  ASSERT_EQ(again.analyzers.size(), 2u);
  EXPECT_EQ(telemetry::counts_of(again, again.analyzers[1]).delivered.packets, 0);
  ASSERT_EQ(again.removed.size(), 1u);
  EXPECT_EQ(telemetry::counts_of(again, again.removed[0]).delivered.packets, 1) << "no counter goes backwards";
  expect_conserved(again);
}

TEST_F(AnalyzerRegistryTest, OneThatComesAgainInTimeGoesOn) {
  come_and_go("left");
  enter("left");
  const telemetry::Scrape again = scrape();
  EXPECT_TRUE(again.removed.empty());
  EXPECT_EQ(telemetry::counts_of(again, again.analyzers.at(1)).delivered.packets, 1);
  EXPECT_EQ(again.analyzers[1].failures, 2u);
  EXPECT_EQ(again.analyzers[0].failures, 0u);
  expect_conserved(again);
}

TEST_F(AnalyzerRegistryTest, ManyThatComeAndGoAreBounded) {
  for (int index = 0; index < 2000; ++index) come_and_go("pod-" + std::to_string(index));
  EXPECT_EQ(registry->size(), 2001u) << "nobody has looked: all are shown";
  const telemetry::Scrape many = scrape();
  EXPECT_EQ(many.removed.size(), AnalyzerRegistry::shown_max + 1);
  EXPECT_EQ(many.removed.front().name, "pod-1900") << "the latest ones are shown";
  expect_conserved(many);
  EXPECT_LT(telemetry::to_text(many, "1").size(), 500'000u);
}

TEST_F(AnalyzerRegistryTest, TheIdOfAFoldedOneIsUsedAgain) {
  const AnalyzerId first = come_and_go("first");
  EXPECT_NE(enter("second"), first) << "it is still shown";
  now += AnalyzerRegistry::shown_for;
  expect_conserved(scrape());

  const AnalyzerId third = registry->enter(named("third"), 4);
  EXPECT_EQ(third, first);
  EXPECT_EQ(registry->present().size(), 2u);
  const telemetry::Scrape entering = scrape();
  EXPECT_EQ(entering.removed.at(0).name, server::folded_name) << "what its id has counted is not its own";
  EXPECT_EQ(entering.removed[0].failures, 2u);
  expect_conserved(entering);
  EXPECT_NE(registry->enter(named("fourth"), 4), third) << "it is taken";
}

TEST_F(AnalyzerRegistryTest, WhatFoldedOnesHaveCountedStaysWhenTheirIdsAreUsedAgain) {
  come_and_go("first");
  come_and_go("second");
  now += AnalyzerRegistry::shown_for;
  scrape();
  enter("third");
  const telemetry::Scrape one = scrape();
  ASSERT_EQ(one.analyzers.size(), 2u);
  EXPECT_EQ(telemetry::counts_of(one, one.analyzers[1]).delivered.packets, 0);
  ASSERT_EQ(one.removed.size(), 1u);
  EXPECT_EQ(one.removed[0].failures, 4u);
  EXPECT_EQ(telemetry::counts_of(one, one.removed[0]).delivered.packets, 2);
  expect_conserved(one);
  enter("fourth");
  const telemetry::Scrape none_left = scrape();
  ASSERT_EQ(none_left.removed.size(), 1u);
  EXPECT_EQ(none_left.removed[0].failures, 4u);
  expect_conserved(none_left);
  EXPECT_EQ(registry->size(), 3u);
}

TEST_F(AnalyzerRegistryTest, ThoseThatComeAndGoForYearsTakeAsManyIdsAsAreShown) {
  for (int index = 0; index < 2000; ++index) {
    come_and_go("pod-" + std::to_string(index));
    if (index % 10 == 0) scrape();
  }
  EXPECT_LE(registry->size(), 1 + AnalyzerRegistry::shown_max + 10);
  const telemetry::Scrape many = scrape();
  expect_conserved(many);
  EXPECT_EQ(many.removed.back().name, server::folded_name);
}

}  // namespace
}  // namespace logdist::registry
