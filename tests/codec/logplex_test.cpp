// Logplex: frames behind their lengths.
#include <gtest/gtest.h>

#include <string>

#include "tests/codec/pieces.hpp"

namespace logdist::codec {
namespace {

using namespace logdist::test;

std::string frame(const std::string& content) { return std::to_string(content.size()) + " " + content; }

TEST(Logplex, CountsFrames) {
  WholeAndPieces bodies;
  const std::string syslog = "<40>1 2026-01-02T03:04:05+00:00 host app web.1 - State changed\n";
  const std::pair<std::string, std::uint32_t> counted[] = {
      {frame(syslog), 1},
      {frame(syslog) + frame("7 inside") + frame("\n"), 3},
      {frame(std::string(100'000, 'x')) + frame("y"), 2},
  };
  for (const auto& [body, frames] : counted) {
    const Outcome outcome = bodies.decode(Format::logplex, body);
    EXPECT_TRUE(outcome.accepted) << outcome.error.detail;
    EXPECT_EQ(outcome.messages, frames);
  }
}

TEST(Logplex, SaysWhatIsWrongAndWhere) {
  const std::string length = "a frame must begin with its length in bytes and a blank";
  const std::string early = "the last frame ends too early";
  const struct {
    std::string body;
    std::string detail;
    std::size_t offset;
    std::uint32_t message;
  } cases[] = {
      {"<13>one", length, 0, 0},      {" 3 one", length, 0, 0},       {"0 3 one", length, 0, 0},
      {"3\none", length, 1, 0},       {"3 one\n3 two", length, 5, 1}, {"3 one3 two!", length, 10, 2},
      {"1234567890 x", length, 9, 0}, {"3 on", early, 4, 0},          {"3 one3", early, 6, 1},
      {"3 one3 ", early, 7, 1},       {"999999999 x", early, 11, 0},
  };
  WholeAndPieces bodies;
  for (const auto& [body, detail, offset, message] : cases) {
    const Outcome outcome = bodies.decode(Format::logplex, body);
    EXPECT_EQ(outcome.error.code, DecodeErrorCode::invalid_body) << body;
    EXPECT_EQ(outcome.error.detail, detail) << body;
    EXPECT_EQ(outcome.error.offset, offset) << body;
    EXPECT_EQ(outcome.error.message, message) << body;
  }
  EXPECT_EQ(bodies.decode(Format::logplex, "").error.code, DecodeErrorCode::no_data);
}

}  // namespace
}  // namespace logdist::codec
