#include "tests/tidy/words.hpp"

#include <gtest/gtest.h>

namespace logdist::tidy {
namespace {

Faults faults_of(const std::string& path, const std::string& text) { return check_words(SourceText(path, text)); }

TEST(Words, SomeAreOutEverywhere) {
  const Faults faults = faults_of("src/dispatch/a.cpp", "int a;\nScheduler scheduler;\n");
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].line, 2U);
  EXPECT_EQ(faults[0].what, "Scheduler is not used here any more: LoadBalancer");
  EXPECT_EQ(faults_of("include/logdist/net/a.hpp", "// As the Scheduler says.\n").size(), 1U);
  EXPECT_EQ(faults_of("src/server/a.cpp", "log::warn(\"grace_over\");\n").size(), 1U);
}

TEST(Words, SomeAreOutAsNamesOfOneRoom) {
  EXPECT_EQ(faults_of("src/config/a.cpp", "Place place;\n").size(), 1U);
  EXPECT_EQ(faults_of("src/sink/http/a.cpp", "Loop loop;\n").size(), 1U);
  EXPECT_TRUE(faults_of("src/server/a.cpp", "Loop loop;\n").empty());
  EXPECT_TRUE(faults_of("src/config/a.cpp", "// Place.\nint a = f(\"Place\");\n").empty());
}

TEST(Words, OnlyWholeWordsCount) {
  EXPECT_TRUE(faults_of("src/config/a.cpp", "Placement p; RowOf r; int rows_max;\n").empty());
}

TEST(Words, TestsMayCallThingsAsTheyLike) {
  EXPECT_TRUE(faults_of("tests/config/a_test.cpp", "Place place;\n").empty());
}

TEST(Words, DocumentsAreHeldToThem) {
  EXPECT_EQ(check_words_of_prose("docs/a.md", "One.\nThe `Roster` knows.\n").size(), 1U);
  EXPECT_EQ(check_words_of_prose("docs/a.md", "One.\nThe `Roster` knows.\n")[0].line, 2U);
  EXPECT_TRUE(check_words_of_prose("docs/a.md", "A place for each, a rooster.\n").empty());
}

}  // namespace
}  // namespace logdist::tidy
