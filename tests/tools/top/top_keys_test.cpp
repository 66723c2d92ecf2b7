// What the keys of `top` do.
#include "tools/top/top_keys.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace logdist::tools {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<TopKey> keys_of(std::string_view bytes) {
  TopKeyReader reader;
  std::vector<TopKey> keys;
  for (const char byte : bytes) {
    if (const TopKey key = reader.take(byte); key != TopKey::none) keys.push_back(key);
  }
  return keys;
}

TEST(TopKeys, AreLettersAndSequences) {
  EXPECT_THAT(keys_of("jkqsh?"),
              ElementsAre(TopKey::down, TopKey::up, TopKey::quit, TopKey::order, TopKey::help, TopKey::help));
  EXPECT_THAT(keys_of("\x1b[A\x1b[B\x1bOA\x1bOB"), ElementsAre(TopKey::up, TopKey::down, TopKey::up, TopKey::down));
  EXPECT_THAT(keys_of("\x1b[5~\x1b[6~\x1b[Hq"),
              ElementsAre(TopKey::page_up, TopKey::page_down, TopKey::home, TopKey::quit));
}

TEST(TopKeys, AnUnknownSequenceIsNoOtherKey) {
  EXPECT_THAT(keys_of("\x1b[1;5q\x1b[15~"), IsEmpty()) << "the q ends a sequence";
  EXPECT_THAT(keys_of("\x1b\x1b[Aq"), ElementsAre(TopKey::up, TopKey::quit));
  EXPECT_THAT(keys_of("\x1b[99999999q"), ElementsAre(TopKey::quit)) << "an endless one is given up";
}

TEST(TopChoice, ScrollsWithinTheAnalyzers) {
  TopChoice choice;
  choice.take(TopKey::up, 40, 10);
  EXPECT_EQ(choice.first, 0u);
  for (int i = 0; i < 5; ++i) choice.take(TopKey::page_down, 40, 10);
  EXPECT_EQ(choice.first, 39u) << "the last stays to be seen";
  choice.take(TopKey::down, 40, 10);
  EXPECT_EQ(choice.first, 39u);
  choice.take(TopKey::page_up, 40, 10);
  choice.take(TopKey::up, 40, 10);
  EXPECT_EQ(choice.first, 28u);
  choice.take(TopKey::home, 40, 10);
  EXPECT_EQ(choice.first, 0u);
  choice.take(TopKey::down, 0, 0);
  EXPECT_EQ(choice.first, 0u) << "no analyzer is there";
}

TEST(TopChoice, GoesThroughAllOrders) {
  TopChoice choice{.first = 7};
  for (std::size_t i = 0; i < top_order_count; ++i) choice.take(TopKey::order, 40, 10);
  EXPECT_EQ(choice.order, TopOrder::trouble);
  EXPECT_EQ(choice.first, 0u);
  choice.take(TopKey::order, 40, 10);
  EXPECT_EQ(paint(top_key_line(choice), false), "q quit   h help   s order: as configured   j k space b g scroll");
  choice.first = 3;
  EXPECT_EQ(paint(top_key_line(choice), false),
            "q quit   h help   s order: as configured   j k space b g scroll   3 above");
}

TEST(TopChoice, HelpsUntilAnotherKey) {
  TopChoice choice;
  choice.take(TopKey::help, 40, 10);
  EXPECT_TRUE(choice.is_helping);
  choice.take(TopKey::none, 40, 10);
  EXPECT_TRUE(choice.is_helping) << "the begin of a sequence is no key";
  choice.take(TopKey::help, 40, 10);
  EXPECT_FALSE(choice.is_helping);
  choice.take(TopKey::help, 40, 10);
  choice.take(TopKey::down, 40, 10);
  EXPECT_FALSE(choice.is_helping);
  EXPECT_EQ(choice.first, 1u) << "which has done what it does";
}

TEST(TopHelp, NamesEveryKey) {
  std::string text;
  for (const Line& line : top_help()) text += paint(line, false) + '\n';
  for (const char* key : {"q ", "s ", "up, k ", "down, j ", "page up, b ", "page down, space ", "home, g ", "h, ? "}) {
    EXPECT_THAT(text, testing::HasSubstr(std::string("\n") + key));
  }
}

}  // namespace
}  // namespace logdist::tools
