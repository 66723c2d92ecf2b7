// An earlier process's figures, for the analyzers that there are now.
#include "logdist/storage/restored_balance.hpp"

#include <gmock/gmock.h>

#include <numeric>

#include "logdist/base/random.hpp"
#include "tests/support/seed.hpp"

namespace logdist::storage {
namespace {

using queue::AnalyzerFigures;
using queue::BalanceFigures;

BalanceFigures figures_of(std::vector<AnalyzerFigures> analyzers) {
  BalanceFigures figures;
  figures.analyzers = std::move(analyzers);
  return figures;
}

AnalyzerFigures figure(const std::string& name, double deficit, std::uint64_t weight) {
  return {name, deficit, 0, weight, true, false, false, "http://" + name + "/", weight};
}

AnalyzerFigures out_of_service(const std::string& name, double debt, std::uint64_t weight) {
  return {name, 0, debt, weight, false, false, false, "http://" + name + "/", weight};
}

std::vector<ConfiguredAnalyzer> configured(const std::vector<std::pair<std::string, std::uint64_t>>& analyzers) {
  std::vector<ConfiguredAnalyzer> all;
  for (const auto& [name, weight] : analyzers) all.push_back({name, "http://" + name + "/", weight});
  return all;
}

std::vector<double> owed(const RestoredBalance& balance) {
  std::vector<double> all;
  for (const RestoredAnalyzer& analyzer : balance.analyzers) all.push_back(analyzer.owed);
  return all;
}

testing::Matcher<std::vector<double>> near(const std::vector<double>& values) {
  return testing::Pointwise(testing::DoubleNear(1e-9), values);
}

TEST(RestoredBalance, GoesOnWhereItWas) {
  const auto balance =
      restore_balance(figures_of({figure("a", 5, 4), figure("b", -5, 3)}), configured({{"b", 3}, {"a", 4}}));
  EXPECT_THAT(owed(balance), near({-5, 5}));
  EXPECT_EQ(balance.known, 2u);
  EXPECT_FALSE(balance.analyzers[0].weight);
}

TEST(RestoredBalance, OneThatWentLeavesItsDeficitToTheOthersAndANewOneIsOwedNothing) {
  const auto balance = restore_balance(figures_of({figure("a", 6, 4), figure("b", -2, 1), figure("c", -4, 3)}),
                                       configured({{"new", 9}, {"b", 1}, {"c", 3}}));
  EXPECT_THAT(owed(balance), near({0, -2 + 1.5, -4 + 4.5}));
  EXPECT_EQ(balance.known, 2u);
}

TEST(RestoredBalance, ADebtIsTakenFromTheOthersByWeight) {
  const auto balance = restore_balance(figures_of({out_of_service("a", 80, 4), figure("b", 3, 1), figure("c", -3, 3)}),
                                       configured({{"a", 4}, {"b", 1}, {"c", 3}}));
  EXPECT_THAT(owed(balance), near({80, 3 - 20, -3 - 60}));
}

TEST(RestoredBalance, ADebtHasItsBound) {
  BalanceFigures figures = figures_of({out_of_service("a", 80, 4), figure("b", 0, 1)});
  figures.taken_at_ns = 1;
  figures.max_debt = 30;
  EXPECT_THAT(owed(restore_balance(figures, configured({{"a", 4}, {"b", 1}}))), near({30, -30}));
}

TEST(RestoredBalance, ADebtThatNobodyCanPayIsDropped) {
  const auto balance = restore_balance(figures_of({out_of_service("a", 80, 4)}), configured({{"a", 4}, {"new", 4}}));
  EXPECT_THAT(owed(balance), near({0, 0}));
}

TEST(RestoredBalance, OneThatHasMovedIsAnotherOneButDrainedAllTheSame) {
  AnalyzerFigures moved = figure("a", 7, 4);
  moved.url = "http://elsewhere/";
  moved.drained = true;
  moved.operator_weight = true;
  const auto balance = restore_balance(figures_of({moved, figure("b", -7, 1)}), configured({{"a", 4}, {"b", 1}}));
  EXPECT_EQ(balance.known, 1u);
  EXPECT_THAT(owed(balance), near({0, 0}));
  EXPECT_TRUE(balance.analyzers[0].drained);
  EXPECT_FALSE(balance.analyzers[0].weight);
}

/// As the load balancer does it: its deficit becomes its debt, and the others take it over.
void leave(std::vector<double>& owed, std::vector<std::uint64_t>& weights, std::size_t index) {
  weights[index] = 0;
  const auto sum = static_cast<double>(std::accumulate(weights.begin(), weights.end(), std::uint64_t{0}));
  for (std::size_t other = 0; other < owed.size(); ++other) {
    owed[other] += owed[index] * static_cast<double>(weights[other]) / sum;
  }
}

TEST(RestoredBalance, ThoseThatAreDrainedLeaveAgainWithTheirDebtsInTheOppositeOrder) {
  AnalyzerFigures a = out_of_service("a", 80, 4);
  AnalyzerFigures b = out_of_service("b", -30, 2);
  a.drained = b.drained = true;
  const std::vector<AnalyzerFigures> others{out_of_service("c", 10, 1), figure("d", 5, 1), figure("e", -5, 3)};
  const std::vector<std::pair<std::string, std::uint64_t>> present{{"c", 1}, {"d", 1}, {"e", 3}};
  const std::vector<double> without = owed(restore_balance(figures_of(others), configured(present)));

  std::vector<double> all = owed(restore_balance(figures_of({a, b, others[0], others[1], others[2]}),
                                                 configured({{"a", 4}, {"b", 2}, {"c", 1}, {"d", 1}, {"e", 3}})));
  std::vector<std::uint64_t> weights{4, 2, 1, 1, 3};
  leave(all, weights, 1);
  leave(all, weights, 0);
  EXPECT_THAT(all, near({80, -30, without[0], without[1], without[2]}));
}

TEST(RestoredBalance, AnOperatorsWeightHoldsWhileTheConfiguredOneDoes) {
  AnalyzerFigures weighted = figure("a", 0, 4);
  weighted.operator_weight = true;
  weighted.weight = 90;
  const BalanceFigures figures = figures_of({weighted});
  EXPECT_EQ(restore_balance(figures, configured({{"a", 4}})).analyzers[0].weight, std::optional<std::uint64_t>(90));
  EXPECT_FALSE(restore_balance(figures, configured({{"a", 5}})).analyzers[0].weight);
}

TEST(RestoredBalance, WhatIsOwedSumsToNothingWhateverWent) {
  Random random(test::draw_seed());
  for (int round = 0; round < 500; ++round) {
    BalanceFigures figures;
    double sum = 0;
    for (std::uint64_t i = 0; i < 1 + random.below(6); ++i) {
      const std::string name(1, static_cast<char>('a' + i));
      const std::uint64_t weight = 1 + random.below(100);
      const double messages = static_cast<double>(random.below(10'000));
      figures.analyzers.push_back(random.below(3) == 0 ? out_of_service(name, messages, weight)
                                                       : figure(name, messages, weight));
      sum += figures.analyzers.back().deficit;
    }
    // In service they sum to 0: the last one there evens it out.
    for (auto analyzer = figures.analyzers.rbegin(); analyzer != figures.analyzers.rend(); ++analyzer) {
      if (!analyzer->in_service) continue;
      analyzer->deficit -= sum;
      break;
    }
    std::vector<std::pair<std::string, std::uint64_t>> present;
    for (char name = 'a'; name < 'i'; ++name) {
      if (random.below(3) > 0) present.emplace_back(std::string(1, name), 1 + random.below(100));
    }
    const std::vector<double> all = owed(restore_balance(figures, configured(present)));
    EXPECT_NEAR(std::accumulate(all.begin(), all.end(), 0.0), 0, 1e-6);
  }
}

}  // namespace
}  // namespace logdist::storage
