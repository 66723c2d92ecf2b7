#include "logdist/retry/classify.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "logdist/base/random.hpp"
#include "retry/http_date.hpp"

namespace logdist::retry {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t example = 784'111'777;  // the date that RFC 9110 uses for its three forms

Outcome outcome_of(unsigned status, std::string_view retry_after = {}) {
  return classify(status, retry_after, example).outcome;
}

std::optional<Duration> pause_of(unsigned status, std::string_view retry_after) {
  return classify(status, retry_after, example).pause;
}

TEST(Classify, EveryStatusHasItsMeaning) {
  const std::set<unsigned> not_of_the_packet{401, 403, 404, 405, 407, 408, 421, 425};
  for (unsigned status = 100; status <= 599; ++status) {
    Outcome expected = Outcome::http_error;
    if (status / 100 == 2) expected = Outcome::delivered;
    if (status / 100 == 4 && !not_of_the_packet.contains(status)) expected = Outcome::refused;
    if (status == 429) expected = Outcome::paused;
    EXPECT_EQ(outcome_of(status), expected) << status;
  }
  EXPECT_EQ(outcome_of(0), Outcome::http_error);
  EXPECT_EQ(outcome_of(999), Outcome::http_error);
}

TEST(Classify, RetryAfterMattersOnlyWith429And503) {
  for (const unsigned status : {200u, 302u, 400u, 404u, 500u, 502u, 504u}) {
    EXPECT_EQ(outcome_of(status, "5"), outcome_of(status)) << status;
    EXPECT_EQ(pause_of(status, "5"), std::nullopt) << status;
  }
  EXPECT_EQ(outcome_of(503), Outcome::http_error);
  EXPECT_EQ(outcome_of(503, "5"), Outcome::paused);
  EXPECT_EQ(pause_of(503, "5"), 5s);
  EXPECT_EQ(pause_of(429, "5"), 5s);
  EXPECT_EQ(pause_of(429, ""), std::nullopt);
}

TEST(Classify, RetryAfterInSecondsIsCapped) {
  EXPECT_EQ(pause_of(429, "0"), 0s);
  EXPECT_EQ(outcome_of(503, "0"), Outcome::paused);
  EXPECT_EQ(pause_of(429, "60"), 60s);
  EXPECT_EQ(pause_of(429, "61"), 60s);
  EXPECT_EQ(pause_of(429, "99999999999999999999999999"), 60s);
  EXPECT_EQ(pause_of(429, " \t7 "), 7s);
}

TEST(Classify, RetryAfterThatCannotBeReadCountsAsNone) {
  for (const char* text : {"-1", "+1", "1.5", "5s", "soon", " ", "Sun, 31 Feb 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 GMT trailing", "Sun, 06 Nov 1994 08:49:37", "Sun Nov"}) {
    EXPECT_EQ(outcome_of(503, text), Outcome::http_error) << text;
    EXPECT_EQ(outcome_of(429, text), Outcome::paused) << text;
    EXPECT_EQ(pause_of(429, text), std::nullopt) << text;
  }
  EXPECT_EQ(pause_of(429, std::string_view("7\0", 2)), std::nullopt);
}

TEST(Classify, RetryAfterAsADateIsReadAgainstNow) {
  EXPECT_EQ(pause_of(503, "Sun, 06 Nov 1994 08:49:47 GMT"), 10s);
  EXPECT_EQ(pause_of(503, "Sunday, 06-Nov-94 08:49:47 GMT"), 10s);
  EXPECT_EQ(pause_of(503, "Sun Nov  6 08:49:47 1994"), 10s);
  EXPECT_EQ(pause_of(503, "Sun, 06 Nov 1994 08:49:27 GMT"), 0s) << "past";
  EXPECT_EQ(pause_of(503, "Sun, 06 Nov 2094 08:49:27 GMT"), 60s) << "far ahead";
}

TEST(Classify, OnlyFailuresOfTheAnalyzerAreFailures) {
  const std::set<Outcome> failures{Outcome::http_error, Outcome::timeout, Outcome::connect_error,
                                   Outcome::connection_broken, Outcome::protocol_error};
  for (std::size_t i = 0; i < outcome_count; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    EXPECT_EQ(is_analyzer_failure(outcome), failures.contains(outcome)) << to_string(outcome);
  }
}

TEST(Classify, BearsAnyText) {
  const std::uint64_t seed = 20'240'607;
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  const std::string_view alphabet = "0123456789 ,:-SunMonovGMTFebday\t\xff";
  for (int i = 0; i < 5'000; ++i) {
    std::string text;
    for (std::uint64_t length = random.below(40); length > 0; --length) text += alphabet[random.below(alphabet.size())];
    const Classification classification = classify(503, text, example);
    EXPECT_EQ(classification.outcome == Outcome::paused, classification.pause.has_value()) << text;
    if (classification.pause) {
      EXPECT_TRUE(*classification.pause >= 0s && *classification.pause <= max_pause) << text;
    }
  }
}

TEST(HttpDate, ReadsAllThreeForms) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", example), example);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", example), example);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994", example), example);
  EXPECT_EQ(parse_http_date("Sat Jan 16 00:00:00 2044", example), 2'336'515'200);
  EXPECT_EQ(parse_http_date("Thu, 29 Feb 2024 23:59:59 GMT", example), 1'709'251'199);
  EXPECT_EQ(parse_http_date("Wed, 29 Feb 2023 23:59:59 GMT", example), std::nullopt);
}

TEST(HttpDate, ReadsNoPartOfOne) {
  for (const std::string whole :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      EXPECT_EQ(parse_http_date(whole.substr(0, length), example), std::nullopt) << whole.substr(0, length);
    }
    EXPECT_EQ(parse_http_date(whole + " ", example), std::nullopt);
  }
}

TEST(HttpDate, TwoDigitYearsAreAtMostFiftyYearsAhead) {
  const std::int64_t mid_2024 = 1'718'000'000;
  EXPECT_EQ(parse_http_date("Saturday, 01-Jan-00 00:00:00 GMT", mid_2024), 946'684'800);
  EXPECT_EQ(parse_http_date("Monday, 01-Jan-74 00:00:00 GMT", mid_2024), 3'281'990'400) << "2074";
  EXPECT_EQ(parse_http_date("Wednesday, 01-Jan-75 00:00:00 GMT", mid_2024), 157'766'400) << "1975";
}

}  // namespace
}  // namespace logdist::retry
