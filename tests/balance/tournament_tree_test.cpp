#include "balance/tournament_tree.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <map>

#include "logdist/base/random.hpp"

namespace logdist::balance {
namespace {

constexpr std::uint64_t seed = 31'337;

/// The earliest by looking at every one; the first of equals.
AnalyzerId earliest(const std::map<AnalyzerId, VirtualTime>& moments) {
  auto best = moments.begin();
  for (auto at = moments.begin(); at != moments.end(); ++at) {
    if (at->second < best->second) best = at;
  }
  return best->first;
}

TEST(TournamentTree, KnowsTheFirstThroughRandomChanges) {
  std::cout << "seed " << seed << "\n";
  Random random(seed);
  for (const std::size_t analyzers : {1U, 2U, 5U, 8U, 100U}) {
    TournamentTree schedule;
    schedule.grow(analyzers);
    std::map<AnalyzerId, VirtualTime> moments;
    for (int round = 0; round < 5'000; ++round) {
      const auto analyzer = static_cast<AnalyzerId>(random.below(analyzers));
      if (random.below(3) == 0) {
        schedule.erase(analyzer);
        moments.erase(analyzer);
      } else {
        const std::uint64_t rate = 1 + random.below(4);
        moments[analyzer] = {static_cast<int128>(random.below(6)) - 3, random.below(rate), rate};
        schedule.put(analyzer, moments[analyzer]);
      }
      ASSERT_EQ(schedule.size(), moments.size());
      ASSERT_EQ(schedule.contains(analyzer), moments.contains(analyzer));
      if (moments.empty()) continue;
      ASSERT_EQ(schedule.first(), earliest(moments));
      ASSERT_EQ(schedule.due(1).has_value(), moments[schedule.first()].before(1));
    }
  }
}

TEST(TournamentTree, KeepsWhatIsInItWhenItGrows) {
  TournamentTree schedule;
  EXPECT_TRUE(schedule.empty());
  EXPECT_FALSE(schedule.due(1'000).has_value());
  for (AnalyzerId analyzer = 0; analyzer < 50; ++analyzer) {
    schedule.grow(analyzer + 1);
    schedule.put(analyzer, {100 - static_cast<int128>(analyzer), 0, 1});
    ASSERT_EQ(schedule.first(), analyzer);
  }
  schedule.erase(49);
  EXPECT_EQ(schedule.first(), 48);
  EXPECT_EQ(schedule.size(), 49);
}

}  // namespace
}  // namespace logdist::balance
