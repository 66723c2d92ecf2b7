#include "tests/tidy/source_text.hpp"

#include <gtest/gtest.h>

namespace logdist::tidy {
namespace {

std::string code_of(std::string text) { return SourceText("src/base/a.cpp", std::move(text)).code(); }

TEST(SourceText, BlanksCommentsAndKeepsColumns) {
  EXPECT_EQ(code_of("a; // b\nc; /* d\n*/ e;"), "a;     \nc;     \n   e;");
}

TEST(SourceText, BlanksTheInsidesOfLiterals) {
  EXPECT_EQ(code_of(R"(f("a // b", '{', "\"}");)"), R"(f("      ", ' ', "   ");)");
  EXPECT_EQ(code_of("f(R\"x(a \" ) b)x\"); g;"), "f(R\"           \"); g;");
}

TEST(SourceText, KnowsDigitSeparatorsFromCharacters) { EXPECT_EQ(code_of("a = 10'000 + '9';"), "a = 10'000 + ' ';"); }

TEST(SourceText, KeepsTheNamesOfIncludes) {
  EXPECT_EQ(code_of("\n#include \"logdist/base/time.hpp\"\n"), "\n#include \"logdist/base/time.hpp\"\n");
}

TEST(SourceText, KeepsCommentsInProse) {
  const SourceText source("src/base/a.cpp", "a(\"x\"); // why");
  EXPECT_EQ(source.prose(), "a(\" \"); // why");
}

TEST(SourceText, EndsWithAnOpenLiteralOrComment) {
  EXPECT_EQ(code_of("\"abc"), "\"   ");
  EXPECT_EQ(code_of("R\"("), "R\" ");
  EXPECT_EQ(code_of("/* a"), "    ");
  EXPECT_EQ(code_of("\"a\\"), "\"  ");
}

TEST(SourceText, CountsLines) {
  const SourceText source("src/base/a.cpp", "a\nb\nc\n");
  EXPECT_EQ(source.line_count(), 3U);
  EXPECT_EQ(source.line_of(0), 1U);
  EXPECT_EQ(source.line_of(2), 2U);
  EXPECT_EQ(source.line_of(99), 4U);
}

}  // namespace
}  // namespace logdist::tidy
