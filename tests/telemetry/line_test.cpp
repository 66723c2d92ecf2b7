// Lines survive whatever they are made of.
#include "telemetry/line.hpp"

#include <gtest/gtest.h>

#include <random>

namespace logdist::log {
namespace {

nlohmann::json parsed(const Line& line) { return nlohmann::json::parse("{" + to_json_members(line) + "}"); }

TEST(Line, FieldsAreKeysOfTheirOwnInTheOrderGiven) {
  const Line line{Level::info, "dead_letter", "dead letter: p", {{"packet_id", "p"}, {"messages", 3}, {"share", 0.5}}};
  EXPECT_EQ(to_json_members(line),
            R"("event":"dead_letter","msg":"dead letter: p","packet_id":"p","messages":3,"share":0.5)");
  EXPECT_EQ(to_text(line), "dead letter: p");
}

TEST(Line, WithoutFieldsThereIsTheMessage) {
  EXPECT_EQ(to_json_members({Level::info, "draining", "draining", {}}), R"("event":"draining","msg":"draining")");
}

TEST(Line, TheKindIsTheEventAndTheAnalyzer) {
  EXPECT_EQ((Line{Level::info, "draining", "", {}}.kind()), "draining");
  EXPECT_EQ((Line{Level::info, "failed", "", {{"analyzer", "a"}}}.kind()), "failed a");
  EXPECT_EQ((Line{Level::info, "failed", "", {{"analyzer", 7}}}.kind()), "failed");
}

TEST(Line, HostileTextStaysOneLine) {
  struct Case {
    std::string text, shown, in_json;
  };
  const Case cases[] = {
      {"grün 日本 😀", "grün 日本 😀", "grün 日本 😀"},
      {"a\nb\r\tc", "a\\x0ab\\x0d\\x09c", "a\nb\r\tc"},
      {"\x1b[31mred", "\\x1b[31mred", "\x1b[31mred"},
      {std::string("nul\0x", 5), "nul\\x00x", std::string("nul\0x", 5)},
      {"\"quoted\" {\"level\":\"error\"}", "\"quoted\" {\"level\":\"error\"}", "\"quoted\" {\"level\":\"error\"}"},
      {"\x7f", "\\x7f", "\x7f"},
      {"\xc2\x9b", "\\u009b", "\xc2\x9b"},  // CSI as one character
      {"\xe2\x80\xae"
       "abc",
       "\\u202e"
       "abc",
       "\xe2\x80\xae"
       "abc"},                                      // turns text around
      {"\xe2\x80\xa8", "\\u2028", "\xe2\x80\xa8"},  // a line's end to some
      {"lone \xff byte", "lone \\xff byte", "lone \xef\xbf\xbd byte"},
      {"cut \xe2\x82", "cut \\xe2\\x82", "cut \xef\xbf\xbd"},
      {"overlong \xc0\xaf", "overlong \\xc0\\xaf", "overlong \xef\xbf\xbd\xef\xbf\xbd"},
  };
  for (const Case& one : cases) {
    const Line line{Level::warn, "event", one.text, {{"reason", one.text}}};
    EXPECT_EQ(to_text(line), one.shown);
    EXPECT_EQ(to_json_members(line).find('\n'), std::string::npos);
    const auto json = parsed(line);
    EXPECT_EQ(json["msg"], one.in_json);
    EXPECT_EQ(json["reason"], one.in_json);
    EXPECT_EQ(json.size(), 3u);
  }
}

TEST(Line, RandomBytesAreOneLineOfPlainTextAndOneOfValidJson) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 5'000; ++round) {
    std::string bytes;
    for (auto count = random() % 20; count > 0; --count) bytes += static_cast<char>(random() % 256);
    const Line line{Level::info, "event", bytes, {{"name", bytes}}};
    for (const char byte : to_text(line)) {
      ASSERT_GE(static_cast<unsigned char>(byte), 0x20) << round;
      ASSERT_NE(byte, 0x7f);
    }
    const std::string members = to_json_members(line);
    ASSERT_EQ(members.find('\n'), std::string::npos);
    ASSERT_TRUE(nlohmann::json::accept("{" + members + "}")) << members;
  }
}

}  // namespace
}  // namespace logdist::log
