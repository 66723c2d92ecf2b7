// The format of the case files.
#include "case.hpp"

#include <gmock/gmock.h>

namespace logdist::http_cases {
namespace {

using ::testing::ElementsAre;

std::vector<Case> read(std::string_view text) { return read_cases("let HI = hi\\r\\n\n", text, "x.cases"); }

TEST(CaseFile, ACaseHasItsSectionStepsAndOutcomes) {
  const auto cases = read(
      "topic T\n# a comment\n\ncase [9112 3] a name\nsend a\\x00\\t${HI}\nwait\nsend b\nhalf-close\n"
      "want 100 200|204 405/head kept\nwant closed\nhas Allow: POST\nport both\n");
  ASSERT_EQ(cases.size(), 1u);
  const Case& one = cases[0];
  EXPECT_EQ(one.topic, "T");
  EXPECT_EQ(one.section, "9112 3");
  EXPECT_EQ(one.name, "a name");
  EXPECT_EQ(one.place, "x.cases:4");
  EXPECT_EQ(one.port, Case::Port::both);
  EXPECT_EQ(one.bytes(), std::string("a\0\thi\r\nb", 8));
  ASSERT_EQ(one.steps.size(), 4u);
  EXPECT_EQ(one.steps[1].kind, Step::Kind::wait);
  EXPECT_EQ(one.steps[3].kind, Step::Kind::half_close);
  ASSERT_EQ(one.outcomes.size(), 2u);
  ASSERT_EQ(one.outcomes[0].answers.size(), 3u);
  EXPECT_THAT(one.outcomes[0].answers[1].statuses, ElementsAre(200u, 204u));
  EXPECT_TRUE(one.outcomes[0].answers[2].to_head);
  EXPECT_EQ(one.outcomes[0].ending, Outcome::Ending::kept);
  EXPECT_TRUE(one.outcomes[1].answers.empty());
  EXPECT_EQ(one.outcomes[1].ending, Outcome::Ending::closed);
  EXPECT_THAT(one.header_lines, ElementsAre("Allow: POST"));
}

TEST(CaseFile, ATableIsACaseARow) {
  const auto cases =
      read("topic T\nport admin\ntable [9112 3] a row: ${1}\nsend <${1}>\nwant closed\nrow\nrow ${3*ab}c\n");
  ASSERT_EQ(cases.size(), 2u);
  EXPECT_EQ(cases[0].bytes(), "<>");
  EXPECT_EQ(cases[1].bytes(), "<abababc>");
  EXPECT_EQ(cases[1].name, "a row: ${3*ab}c");
  EXPECT_EQ(cases[1].place, "x.cases:7");
  EXPECT_EQ(cases[1].port, Case::Port::admin);
}

TEST(CaseFile, APacketHasItsLength) {
  const auto cases = read("topic T\ncase [9112 3] a\nwith X: y\\r\\n\npost [1]\nndjson {}\nwant closed\n");
  EXPECT_EQ(cases.at(0).steps.at(0).bytes,
            "POST /v1/packets HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX: y\r\n"
            "Content-Length: 3\r\n\r\n[1]");
  EXPECT_THAT(cases.at(0).steps.at(1).bytes, ::testing::EndsWith("x-ndjson\r\nContent-Length: 2\r\n\r\n{}"));
}

TEST(CaseFile, FaultsNameTheirLine) {
  for (const auto* const text :
       {"send a\n", "case a\n", "case [9112 3] a\nwant closed\n", "case [9112 3] a\nsend a\n",
        "case [9112 3] a\nsend ${NONE}\nwant closed\n", "case [9112 3] a\nsend \\q\nwant closed\n",
        "case [9112 3] a\nsend a\nwant 200\n", "case [9112 3] a\nsend a\nwant x closed\n",
        "case [9112 3] a\nsend a\nwant closed\nrow x\n", "table [9112 3] a\nsend a\nwant closed\n",
        "case [9112 3] a\nsned a\nwant closed\n"}) {
    try {
      read(text);
      ADD_FAILURE() << text;
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("x.cases:")) << text;
    }
  }
}

}  // namespace
}  // namespace logdist::http_cases
