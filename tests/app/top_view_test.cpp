#include "app/top_view.hpp"

#include <gmock/gmock.h>

#include "app/top_table.hpp"
#include "app/top_words.hpp"
#include "tests/app/top_sample.hpp"

namespace logdist::app {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TopSight sample_sight() {
  TopSight sight;
  sight.before = sample_status(0);
  sight.now = sample_status(2);
  sight.where = "http://127.0.0.1:8081";
  sight.clock = "15:36:00";
  return sight;
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

Tone tone_of(const std::vector<Line>& lines, const std::string& text) {
  for (const Line& line : lines) {
    for (const Span& span : line) {
      if (span.text.find(text) != std::string::npos) return span.tone;
    }
  }
  ADD_FAILURE() << text << " is not there";
  return Tone::plain;
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
  TopSight sight = sample_sight();
  sight.before.reset();
  const std::string screen = joined(top_screen(sight, 160, 40));
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
  TopSight sight = sample_sight();
  for (int i = 0; i < 30; ++i) sight.now->analyzers.push_back(sight.now->analyzers[0]);
  const auto lines = texts(top_screen(sight, 160, 12));
  EXPECT_EQ(lines.size(), 12u);
  EXPECT_EQ(lines.back(), "... and 27 more");
}

TEST(TopView, SaysSinceWhenTheDaemonIsAway) {
  TopSight sight = sample_sight();
  sight.away = "not reachable since 15:34:00: Connection refused";
  const auto lines = top_screen(sight, 100, 30);
  EXPECT_THAT(joined(lines), HasSubstr("not reachable since 15:34:00: Connection refused"));
  EXPECT_EQ(tone_of(lines, "not reachable"), Tone::bad);
  EXPECT_EQ(top_line(sight), "15:36:00  not reachable since 15:34:00: Connection refused");
  sight.now.reset();
  EXPECT_THAT(joined(top_screen(sight, 100, 30)), HasSubstr("not reachable"));
}

TEST(TopView, ColoursWhatIsWrong) {
  TopSight sight = sample_sight();
  sight.now->ledger.imbalance.packets = 2;
  sight.now->ready = false;
  sight.now->why_not_ready = "no analyzer is in service";
  sight.now->analyzers[0].paused = true;
  sight.now->analyzers[1].failures += 1;
  const auto lines = top_screen(sight, 160, 40);
  EXPECT_EQ(tone_of(lines, "not ready: no analyzer is in service"), Tone::bad);
  EXPECT_EQ(tone_of(lines, "ledger NOT balanced: 2 packets"), Tone::bad);
  EXPECT_EQ(tone_of(lines, "failed"), Tone::bad);
  EXPECT_EQ(tone_of(lines, "paused"), Tone::warning);
  EXPECT_EQ(tone_of(lines, "13"), Tone::bad) << "failures that grow";
}

TEST(TopView, HasALineForPipes) {
  EXPECT_EQ(top_line(sample_sight()),
            "15:36:00  ready  1,000 packets/s  50,000 messages/s  queue 6  residence p95 9.8ms  ledger balanced"
            "  alpha 75.0%  beta failed");
}

TEST(TopText, PaintsOnlyWhenAsked) {
  const Line line{{"a", Tone::bad}, {"b"}, {"", Tone::good}};
  EXPECT_EQ(paint(line, false), "ab");
  EXPECT_EQ(paint(line, true), "\x1b[1;31ma\x1b[0mb");
}

TEST(TopText, ClipsAtCharacters) {
  EXPECT_EQ(clip("größe", 3), "grö");
  EXPECT_EQ(clip("größe", 9), "größe");
  EXPECT_EQ(clip("a", 0), "");
  EXPECT_EQ(paint(clip(Line{{"ab"}, {"cd"}, {"ef"}}, 3), false), "abc");
}

TEST(TopText, WrapsItemsWhole) {
  const auto lines = texts(wrap({{"one"}, {"two"}, {"three"}}, 9));
  EXPECT_THAT(lines, ::testing::ElementsAre("one   two", "  three"));
  EXPECT_THAT(texts(wrap({{"much too long"}}, 4)), ::testing::ElementsAre("much"));
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
}  // namespace logdist::app
