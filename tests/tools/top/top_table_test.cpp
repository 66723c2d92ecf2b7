// Many analyzers in `top`: their order, and which of them are seen.
#include "tools/top/top_table.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/tools/top/top_sample.hpp"
#include "tools/top/top_view.hpp"

namespace logdist::tools {
namespace {

using testing::Contains;
using testing::ContainsRegex;
using testing::Not;
using testing::StartsWith;

/// As it reads, in twelve rows.
std::vector<std::string> screen(const Snapshot& snapshot) {
  std::vector<std::string> lines;
  for (const Line& line : top_screen(snapshot, 160, 12)) lines.push_back(paint(line, false));
  return lines;
}

/// Forty analyzers, the last but one of which has failed.
Snapshot sight_of_forty() {
  Snapshot snapshot{.now = sample_status(2), .before = sample_status(1), .clock = "15:36:00"};
  for (auto* status : {&*snapshot.now, &*snapshot.before}) {
    status->analyzers.resize(1);
    for (int i = 1; i < 40; ++i) {
      status->analyzers.push_back(status->analyzers[0]);
      status->analyzers.back().name = "n" + std::to_string(i);
    }
    status->analyzers[38].state = "failed";
    status->analyzers[20].drained = true;
  }
  return snapshot;
}

TEST(TopTable, OfManyAnalyzersThoseInTroubleComeFirst) {
  const auto lines = screen(sight_of_forty());
  const auto head =
      std::find_if(lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("ANALYZER"); });
  ASSERT_LT(head + 3, lines.end());
  EXPECT_THAT(head[1], ContainsRegex("^n38 +failed"));
  EXPECT_THAT(head[2], ContainsRegex("^n20 +drained"));
  EXPECT_THAT(head[3], ContainsRegex("^alpha +healthy"));
  EXPECT_EQ(lines.back(), "… and 31 more") << "none of them has failed";
}

TEST(TopTable, AnalyzersCanBeScrolled) {
  Snapshot snapshot = sight_of_forty();
  snapshot.order = TopOrder::configured;
  snapshot.first = 35;
  const auto lines = screen(snapshot);
  EXPECT_THAT(lines, Contains(ContainsRegex("^n35 ")));
  EXPECT_THAT(lines, Contains(ContainsRegex("^n39 ")));
  EXPECT_THAT(lines, Contains(StartsWith("ANALYZER")));
  EXPECT_THAT(lines, Not(Contains(ContainsRegex("^(n34|alpha) "))));
  snapshot.first = 1'000;
  EXPECT_THAT(screen(snapshot), Not(Contains(ContainsRegex("^n39 ")))) << "past the end is no fault";
}

TEST(TopTable, AnalyzersAreOrderedByWhatIsAskedFor) {
  Snapshot snapshot = sight_of_forty();
  auto& analyzers = snapshot.now->analyzers;
  analyzers[5].delivered.messages += 1'000;
  analyzers[7].failures += 1'000;
  const auto first = [&snapshot](TopOrder order) {
    return analyzers_at_work(*snapshot.now, &*snapshot.before, order).front().name;
  };
  EXPECT_EQ(first(TopOrder::trouble), "n38");
  EXPECT_EQ(first(TopOrder::configured), "alpha");
  EXPECT_EQ(first(TopOrder::name), "alpha");
  EXPECT_EQ(analyzers_at_work(*snapshot.now, nullptr, TopOrder::name)[2].name, "n10");
  EXPECT_EQ(first(TopOrder::rate), "n5");
  EXPECT_EQ(first(TopOrder::failures), "n7");
}

TEST(TopTable, SaysAllThatKeepsAnAnalyzerOutOfService) {
  TopAnalyzer analyzer;
  EXPECT_EQ(condition_of(analyzer).text, "healthy");
  analyzer.drained = true;
  EXPECT_EQ(condition_of(analyzer).text, "drained");
  analyzer.paused = true;
  EXPECT_EQ(condition_of(analyzer).text, "drained, paused");
  analyzer.paused = false;
  analyzer.state = "failed";
  EXPECT_EQ(condition_of(analyzer).text, "failed, drained");
  EXPECT_EQ(condition_of(analyzer).style, Style::bad);
  analyzer.state = "testing";
  EXPECT_EQ(condition_of(analyzer).text, "testing, drained");
  analyzer.drained = false;
  analyzer.ejected = true;
  EXPECT_EQ(condition_of(analyzer).text, "testing, ejected");
  analyzer.state = "removed";
  EXPECT_EQ(condition_of(analyzer).text, "removed");
}

}  // namespace
}  // namespace logdist::tools
