#include "tools/top/top_view.hpp"

#include <gmock/gmock.h>

#include <utility>

#include "tests/tools/top/top_sample.hpp"
#include "tools/top/top_format.hpp"
#include "tools/top/top_table.hpp"

namespace logdist::tools {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

Snapshot sample_sight() {
  Snapshot snapshot;
  snapshot.before = sample_status(0);
  snapshot.now = sample_status(2);
  snapshot.where = "http://127.0.0.1:8081";
  snapshot.clock = "15:36:00";
  return snapshot;
}

std::vector<std::string> texts(const std::vector<Line>& lines) {
  std::vector<std::string> result;
  for (const Line& line : lines) result.push_back(paint(line, false));
  return result;
}

std::string joined(const std::vector<Line>& lines) {
  std::string result;
  for (const std::string& text : texts(lines)) result += text + "\n";
  return result;
}

Style tone_of(const std::vector<Line>& lines, const std::string& text) {
  for (const Line& line : lines) {
    for (const Span& span : line) {
      if (span.text.find(text) != std::string::npos) return span.style;
    }
  }
  ADD_FAILURE() << text << " is not there";
  return Style::plain;
}

TEST(TopView, ShowsWhatHappenedBetweenTwoStatuses) {
  const std::string screen = joined(top_screen(sample_sight(), 160, 40));
  EXPECT_THAT(screen, HasSubstr("log-distributor 1.2.3   ready   up 1 min 2 s   64 agent connections"));
  EXPECT_THAT(screen, HasSubstr("1,000 packets/s   50,000 messages/s   1,000 packets/s in   7 rejected   0 dead"));
  EXPECT_THAT(screen, HasSubstr("queue 6 of 10,000 packets, 12 KiB of 256 MiB   residence p50 7.5ms"));
  EXPECT_THAT(screen, HasSubstr("ledger balanced   62,007 admitted = 4 queued + 1 waiting + 2 in flight + 62,000 del"));
  EXPECT_THAT(screen, ContainsRegex("alpha +healthy +75 +37,500 +75.0% +75.0% +50.0% +-2.2 +7 +5/256 +3.8ms"));
  EXPECT_THAT(screen, ContainsRegex("beta +failed +25 +12,500 +25.0% +25.0% +50.0% +- +7 "));
  EXPECT_THAT(screen, ContainsRegex("15:35:00 +reload +1 analyzer changed\n15:34:18 +state +beta: healthy -> failed"));
}

TEST(TopView, SaysNothingOfRatesThatAreNotKnownYet) {
  Snapshot snapshot = sample_sight();
  snapshot.before.reset();
  const std::string screen = joined(top_screen(snapshot, 160, 40));
  EXPECT_THAT(screen, HasSubstr("- packets/s   - messages/s"));
  EXPECT_THAT(screen, ContainsRegex("alpha +healthy +75 +- +- +75.0%"));
}

TEST(TopView, FitsEveryTerminal) {
  for (std::size_t columns = 1; columns <= 200; ++columns) {
    for (const std::size_t rows : {1u, 2u, 5u, 8u, 24u, 60u}) {
      const auto lines = texts(top_screen(sample_sight(), columns, rows));
      ASSERT_LE(lines.size(), rows) << columns;
      for (const std::string& line : lines) ASSERT_LE(columns_of(line), columns) << line;
    }
  }
}

TEST(TopView, ANarrowTerminalGetsWhatMattersMost) {
  const auto lines = texts(analyzer_table(sample_status(1), nullptr, 40));
  EXPECT_THAT(lines[0], AllOf(HasSubstr("ANALYZER"), HasSubstr("STATE"), HasSubstr("MSG/S"), HasSubstr("SHARE")));
  EXPECT_THAT(lines[0], Not(HasSubstr("CATCH-UPS")));
  EXPECT_THAT(texts(analyzer_table(sample_status(1), nullptr, 140))[0], HasSubstr("CATCH-UPS"));
}

TEST(TopView, ALowTerminalSaysHowManyAnalyzersItHides) {
  Snapshot snapshot = sample_sight();
  for (int i = 0; i < 30; ++i) snapshot.now->analyzers.push_back(snapshot.now->analyzers[0]);
  const auto lines = texts(top_screen(snapshot, 160, 12));
  EXPECT_EQ(lines.size(), 12u);
  EXPECT_EQ(lines.back(), "… and 23 more");
  snapshot.order = TopOrder::configured;
  snapshot.now->analyzers.back().state = "failed";
  EXPECT_EQ(texts(top_screen(snapshot, 160, 12)).back(), "… and 23 more, 1 failed");
  EXPECT_EQ(texts(top_screen(snapshot, 20, 4)).back(), "… and 30 more, 1 fa…");
}

Snapshot sight_of_three() {
  Snapshot snapshot = sample_sight();
  snapshot.order = TopOrder::configured;
  for (auto* status : {&*snapshot.now, &*snapshot.before}) {
    status->analyzers.push_back(status->analyzers[0]);
    status->analyzers.back().name = "gamma";
  }
  return snapshot;
}

TEST(TopView, AtTheUsualSizeAllIsThere) {
  const auto lines = texts(top_screen(sight_of_three(), 80, 24));
  EXPECT_THAT(lines[0], StartsWith("log-distributor 1.2.3   ready   up 1 min 2 s"));
  EXPECT_THAT(lines, Contains("ledger balanced")) << "without an equation that does not fit";
  EXPECT_THAT(lines, Contains(ContainsRegex("^gamma +healthy +75 +37,500 ")));
  EXPECT_THAT(lines, Contains("EVENTS (UTC)"));
  EXPECT_THAT(lines, Each(Not(HasSubstr("…"))));
}

TEST(TopView, LinesThatAreCutSaySo) {
  const auto lines = texts(top_screen(sight_of_three(), 60, 20));
  EXPECT_THAT(lines, Contains("ledger balanced"));
  EXPECT_THAT(lines, Contains(ContainsRegex("^ANALYZER .* SHARE")));
  EXPECT_THAT(lines, Contains(ContainsRegex("^gamma +healthy")));
  EXPECT_THAT(lines, Contains("15:34:18  state    beta: healthy -> failed (3 failures in a…"));
}

TEST(TopView, ALowTerminalGivesItsRowsToTheAnalyzers) {
  const auto lines = texts(top_screen(sight_of_three(), 40, 10));
  ASSERT_EQ(lines.size(), 10u);
  EXPECT_EQ(lines[0], "ready   50,000 messages/s");
  EXPECT_EQ(lines[1], "  queue 6 of 10,000   ledger balanced");
  EXPECT_EQ(lines[2], "");
  EXPECT_THAT(lines[3], ContainsRegex("^ANALYZER +STATE +MSG/S +SHARE"));
  EXPECT_THAT(lines[4], ContainsRegex("^alpha +healthy +37,500"));
  EXPECT_THAT(lines[5], ContainsRegex("^beta +failed"));
  EXPECT_THAT(lines[6], ContainsRegex("^gamma +healthy"));
  EXPECT_THAT(lines[9], ContainsRegex("^15:35:00 +reload"));
  EXPECT_EQ(texts(top_screen(sight_of_three(), 100, 10))[0],
            "ready   50,000 messages/s   queue 6 of 10,000   ledger balanced");
  EXPECT_THAT(texts(top_screen(sight_of_three(), 20, 20)), Contains(StartsWith("gamma"))) << "narrow, not low";
}

TEST(TopView, ATinyTerminalShowsWhoIsWell) {
  Snapshot snapshot = sight_of_three();
  EXPECT_THAT(texts(top_screen(snapshot, 20, 5)),
              ElementsAre("ready   50,000 msg/s", "  queue 6   balanced", ContainsRegex("^alpha +healthy"),
                          ContainsRegex("^beta +failed"), ContainsRegex("^gamma +healthy")));
  snapshot.now->ledger.imbalance.packets = 1;
  EXPECT_THAT(texts(top_screen(snapshot, 20, 5))[1], "  50,000 msg/s") << "what is wrong comes first";
  EXPECT_EQ(texts(top_screen(snapshot, 23, 5))[0], "ready   NOT balanced");
  snapshot.now->ready = false;
  snapshot.now->why_not_ready = "no analyzer is in service";
  EXPECT_EQ(texts(top_screen(snapshot, 20, 5))[0], "not ready: no analy…");
  EXPECT_EQ(texts(top_screen(snapshot, 20, 5))[1], "  NOT balanced");
}

TEST(TopView, WhatWasRemovedIsShownWhileItHasPackets) {
  Snapshot snapshot = sight_of_three();
  auto& analyzers = snapshot.now->analyzers;
  analyzers.back().state = "removed";
  snapshot.now->removed_analyzers.push_back(analyzers.back());
  analyzers.pop_back();
  const auto lines = top_screen(snapshot, 160, 40);
  EXPECT_THAT(texts(lines), Contains(ContainsRegex("^gamma +removed +- +37,500 +- +- +- +- +- +5 +- +- +- +12 +- *$")));
  EXPECT_EQ(tone_of(lines, "gamma"), Style::faint);
  EXPECT_EQ(tone_of(lines, "removed"), Style::faint);
  EXPECT_THAT(top_line(snapshot), HasSubstr("  gamma removed"));
  snapshot.now->removed_analyzers[0].in_flight = 0;
  EXPECT_THAT(joined(top_screen(snapshot, 160, 40)), Not(HasSubstr("gamma")));
  EXPECT_THAT(top_line(snapshot), Not(HasSubstr("gamma")));
}

TEST(TopView, SaysSinceWhenTheDaemonIsAway) {
  Snapshot snapshot = sample_sight();
  snapshot.away = "not reachable since 15:34:00: Connection refused";
  const auto lines = top_screen(snapshot, 100, 30);
  EXPECT_THAT(joined(lines), HasSubstr("not reachable since 15:34:00: Connection refused"));
  EXPECT_EQ(tone_of(lines, "not reachable"), Style::bad);
  EXPECT_EQ(top_line(snapshot), "15:36:00  not reachable since 15:34:00: Connection refused");
  snapshot.now.reset();
  EXPECT_THAT(joined(top_screen(snapshot, 100, 30)), HasSubstr("not reachable"));
}

TEST(TopView, ColoursWhatIsWrong) {
  Snapshot snapshot = sample_sight();
  snapshot.now->ledger.imbalance.packets = 2;
  snapshot.now->ready = false;
  snapshot.now->why_not_ready = "no analyzer is in service";
  snapshot.now->analyzers[0].paused = true;
  snapshot.now->analyzers[1].failures += 1;
  const auto lines = top_screen(snapshot, 160, 40);
  EXPECT_EQ(tone_of(lines, "not ready: no analyzer is in service"), Style::bad);
  EXPECT_EQ(tone_of(lines, "ledger NOT balanced: 2 packets"), Style::bad);
  EXPECT_EQ(tone_of(lines, "failed"), Style::bad);
  EXPECT_EQ(tone_of(lines, "paused"), Style::warning);
  EXPECT_EQ(tone_of(lines, "13"), Style::bad) << "failures that grow";
}

TEST(TopView, HasALineForPipes) {
  EXPECT_EQ(top_line(sample_sight()),
            "15:36:00  ready  1,000 packets/s  50,000 messages/s  queue 6  residence p95 9.8ms  ledger balanced"
            "  1 of 2 failed  alpha 75.0%  beta failed");
  Snapshot snapshot = sample_sight();
  snapshot.now->analyzers[0].failures += 3;
  EXPECT_THAT(top_line(snapshot), HasSubstr("  1 of 2 failed  3 new failures  alpha "));
  snapshot.now->analyzers[1].state = "healthy";
  EXPECT_THAT(top_line(snapshot), HasSubstr("  ledger balanced  3 new failures  alpha "));
}

TEST(EventLog, TellsEachNewEventOnce) {
  EventLog journal;
  Snapshot snapshot = sample_sight();
  EXPECT_THAT(journal.lines_of(snapshot, {}), ElementsAre(top_line(snapshot))) << "what was before is not new";
  TopEvent event{.number = 3, .at = "2026-11-23T15:36:00.000Z", .kind = "state", .analyzer = "beta", .text = "is well"};
  snapshot.now->events.push_back(event);
  EXPECT_THAT(journal.lines_of(snapshot, {}),
              ElementsAre("15:36:00  event 2026-11-23T15:36:00.000Z  state  beta: is well", top_line(snapshot)));
  EXPECT_THAT(journal.lines_of(snapshot, {}), ElementsAre(top_line(snapshot)));
  snapshot.before.reset();  // the daemon was restarted
  event.number = 1;
  snapshot.now->events = {event};
  EXPECT_THAT(journal.lines_of(snapshot, {}), SizeIs(2));
}

TEST(EventLog, TellsOnceAMinuteThatADaemonStaysAway) {
  using namespace std::chrono_literals;
  EventLog journal;
  Snapshot snapshot = sample_sight();
  const TimePoint start{};
  snapshot.away = "not reachable since 15:34:00: Connection refused";
  EXPECT_THAT(journal.lines_of(snapshot, start), SizeIs(1));
  EXPECT_THAT(journal.lines_of(snapshot, start + 59s), IsEmpty());
  EXPECT_THAT(journal.lines_of(snapshot, start + 60s), SizeIs(1));
  EXPECT_THAT(journal.lines_of(snapshot, start + 61s), IsEmpty());
  snapshot.away = "not reachable since 15:34:00: no answer in time";
  EXPECT_THAT(journal.lines_of(snapshot, start + 62s), SizeIs(1)) << "for another reason";
  const std::string away = std::exchange(snapshot.away, "");
  EXPECT_THAT(journal.lines_of(snapshot, start + 63s), ElementsAre(top_line(snapshot)));
  snapshot.away = away;
  EXPECT_THAT(journal.lines_of(snapshot, start + 64s), SizeIs(1)) << "again";
}

TEST(TopText, PaintsOnlyWhenAsked) {
  const Line line{{"a", Style::bad}, {"b"}, {"", Style::good}};
  EXPECT_EQ(paint(line, false), "ab");
  EXPECT_EQ(paint(line, true), "\x1b[1;31ma\x1b[0mb");
}

TEST(TopText, ClipsAtCharacters) {
  EXPECT_EQ(clip("größe", 4), "grö…");
  EXPECT_EQ(clip("größe", 5), "größe");
  EXPECT_EQ(clip("größe", 1), "…");
  EXPECT_EQ(clip("größe", 9), "größe");
  EXPECT_EQ(clip("a", 0), "");
  EXPECT_EQ(paint(clip(Line{{"ab"}, {"cd"}, {"ef"}}, 3), false), "ab…");
  EXPECT_EQ(paint(clip(Line{{"ab"}, {"cd"}, {"ef"}}, 4), false), "abc…");
  EXPECT_EQ(paint(clip(Line{{"ab"}, {"cd"}, {"ef"}}, 6), false), "abcdef");
}

TEST(TopText, KnowsHowWideCharactersAre) {
  EXPECT_EQ(columns_of("größe"), 5u);
  EXPECT_EQ(columns_of("日本"), 4u);
  EXPECT_EQ(columns_of("e\xcc\x81"), 1u) << "an accent of its own joins its letter";
  EXPECT_EQ(columns_of("\xff\xc3"), 2u) << "what is no UTF-8";
  EXPECT_EQ(clip("日本語", 4), "日…") << "half a character cannot be shown";
  EXPECT_EQ(clip("日本語", 5), "日本…");
  EXPECT_EQ(clip("日本語", 6), "日本語");
}

TEST(TopText, WrapsItemsWhole) {
  const auto lines = texts(wrap({{"one"}, {"two"}, {"three"}}, 9));
  EXPECT_THAT(lines, ElementsAre("one   two", "  three"));
  EXPECT_THAT(texts(wrap({{"much too long"}}, 4)), ElementsAre("muc…"));
}

TEST(TopWords, AreShort) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1'234'567), "1,234,567");
  EXPECT_EQ(grouped(-1'234), "-1,234");
  EXPECT_EQ(rate_text(-1), "-");
  EXPECT_EQ(rate_text(0), "0");
  EXPECT_EQ(rate_text(12.34), "12.3");
  EXPECT_EQ(rate_text(99.96), "100");
  EXPECT_EQ(rate_text(4'321.4), "4,321");
  EXPECT_EQ(latency_text(-1), "-");
  EXPECT_EQ(latency_text(0.00085), "850us");
  EXPECT_EQ(latency_text(0.0025), "2.5ms");
  EXPECT_EQ(latency_text(0.9999), "1.0s");
  EXPECT_EQ(latency_text(1'234), "1234s");
  EXPECT_EQ(percent_text(1.0 / 3), "33.3%");
  EXPECT_EQ(balance_text(-0.01), "0.0");
  EXPECT_EQ(balance_text(12.5), "+12.5");
  EXPECT_EQ(bytes_text(12), "12 B");
  EXPECT_EQ(bytes_text(3'500), "3.4 KiB");
  EXPECT_EQ(bytes_text(268'435'456), "256 MiB");
  EXPECT_EQ(uptime_text(0.4), "0 s");
  EXPECT_EQ(uptime_text(62), "1 min 2 s");
  EXPECT_EQ(uptime_text(3'600), "1 h");
  EXPECT_EQ(uptime_text(273'600), "3 d 4 h");
}

}  // namespace
}  // namespace logdist::tools
