#include <gmock/gmock.h>

#include <cstdlib>

#include "logdist/config/load.hpp"
#include "support.hpp"

namespace logdist::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Precedence, EnvironmentBeatsFileBeatsDefault) {
  Environment environment = one_analyzer;
  environment["LOGDIST_QUEUE__MAX_PACKETS"] = "30";
  environment["LOGDIST_DELIVERY__RETRY__JITTER"] = "0.75";
  const Loaded loaded = load_text("queue: {max_packets: 20, max_bytes: 5MiB}", "f.yaml", environment);
  EXPECT_THAT(lines(loaded.errors), IsEmpty());
  EXPECT_EQ(loaded.options.queue.max_packets, 30u);
  EXPECT_EQ(loaded.options.queue.max_bytes, 5 * MiB);
  EXPECT_EQ(loaded.options.delivery.retry.jitter, 0.75);
  EXPECT_EQ(loaded.options.delivery.retry.max, 10s);
}

TEST(Precedence, AFaultInTheFileIsSaidThoughTheEnvironmentBeatsIt) {
  Environment environment = one_analyzer;
  environment["LOGDIST_THREADS"] = "2";
  EXPECT_EQ(error_of("threads: two", environment),
            "f.yaml:1: threads: \"two\" is not a whole number; allowed: a whole number from 0 to 1024");
}

/// The warnings of a reload from one text to another.
std::vector<std::string> masked_from(const std::string& before, const std::string& after,
                                     const Environment& environment) {
  return lines(masked_changes(load_text(before, "f.yaml", environment), load_text(after, "f.yaml", environment)));
}

TEST(Precedence, WhatTheFileChangesToNoEffectIsSaid) {
  Environment environment = one_analyzer;
  environment["LOGDIST_LOG__LEVEL"] = "warn";
  EXPECT_THAT(masked_from("log: {level: info}", "log: {level: info}", environment), IsEmpty());
  EXPECT_THAT(masked_from("log: {level: info}", "threads: 2\nlog: {level: debug}", environment),
              ElementsAre("f.yaml:2: log.level: has no effect: LOGDIST_LOG__LEVEL overrides the file"));
  EXPECT_THAT(masked_from("", "log: {level: info}", environment),
              ElementsAre("f.yaml:1: log.level: has no effect: LOGDIST_LOG__LEVEL overrides the file"));
  EXPECT_THAT(masked_from("log: {level: info}", "", environment), IsEmpty()) << "nothing is left to have an effect";
  EXPECT_THAT(masked_from("threads: 1", "threads: 2", environment), IsEmpty()) << "no variable beats that";
}

TEST(Precedence, AListOfAnalyzersThatHasNoEffectIsSaid) {
  const std::string one = "analyzers: [{name: a, url: \"http://h\", headers: {X-Key: secret}}]";
  const std::string two = "analyzers: [{name: a, url: \"http://h\", headers: {X-Key: other}}]";
  EXPECT_THAT(masked_from(one, one, one_analyzer), IsEmpty());
  EXPECT_THAT(masked_from(one, two, one_analyzer),
              ElementsAre("f.yaml:1: analyzers: has no effect: LOGDIST_ANALYZERS overrides the file"));
}

TEST(Variables, AnalyzersMayBeSeparatedBySemicolons) {
  for (const char* value : {"a=http://h/x weight=2, b=http://i", "a=http://h/x weight=2; b=http://i",
                            "a=http://h/x weight=2;b=http://i;", ";a=http://h/x weight=2 ;\n b=http://i ; "}) {
    const Loaded loaded = load(std::nullopt, {{"LOGDIST_ANALYZERS", value}});
    EXPECT_THAT(lines(loaded.errors), IsEmpty()) << value;
    ASSERT_EQ(loaded.options.analyzers.size(), 2u) << value;
    EXPECT_EQ(loaded.options.analyzers[0].url, "http://h/x");
    EXPECT_EQ(loaded.options.analyzers[1].name, "b");
  }
  const Loaded loaded = load(std::nullopt, {{"LOGDIST_ANALYZERS", "a=http://h/x;v=1 weight=3"}});
  EXPECT_THAT(lines(loaded.errors), IsEmpty());
  ASSERT_EQ(loaded.options.analyzers.size(), 1u);
  EXPECT_EQ(loaded.options.analyzers[0].url, "http://h/x;v=1") << "part of the path";
}

TEST(Variables, EveryKindOfValue) {
  const Environment environment{
      {"LOGDIST_ANALYZERS", "a=http://h"},
      {"LOGDIST_SERVER__LISTEN", "[::]:81"},
      {"LOGDIST_DELIVERY__TIMEOUT", "7s"},
      {"LOGDIST_DELIVERY__ACK", "delivered"},
      {"LOGDIST_DELIVERY__DEAD_LETTER", "/d.log"},
      {"LOGDIST_HEALTH__PATH", ""},
      {"LOGDIST_SERVER__MAX_BODY", "1MiB"},
      {"LOGDIST_HEALTH__BACKOFF__MULTIPLIER", "1.5"},
      {"LOGDIST_LOG__LEVEL", "debug"},
      {"LOGDIST_HEALTH__SLOW_START", "0"},
  };
  const Loaded loaded = load(std::nullopt, environment);
  EXPECT_THAT(lines(loaded.errors), IsEmpty());
  EXPECT_THAT(lines(loaded.warnings), IsEmpty());
  EXPECT_EQ(loaded.options.server.listen.front().host, "::");
  EXPECT_EQ(loaded.options.server.listen.front().port, 81);
  EXPECT_EQ(loaded.options.delivery.timeout, 7s);
  EXPECT_EQ(loaded.options.delivery.ack, AckMode::delivered);
  EXPECT_EQ(loaded.options.delivery.dead_letter, "/d.log");
  EXPECT_EQ(loaded.options.health.path, "");
  EXPECT_EQ(loaded.options.server.max_body, MiB);
  EXPECT_EQ(loaded.options.health.backoff.multiplier, 1.5);
  EXPECT_EQ(loaded.options.log.level, LogLevel::debug);
  EXPECT_EQ(loaded.options.health.slow_start, 0s);
}

TEST(Variables, FaultsNameTheVariable) {
  Environment environment = one_analyzer;
  environment["LOGDIST_DELIVERY__TIMEOUT"] = "5";
  environment["LOGDIST_LOG__FORMAT"] = "xml";
  EXPECT_THAT(lines(load(std::nullopt, environment).errors),
              ElementsAre("environment: LOGDIST_DELIVERY__TIMEOUT: \"5\" has no unit; allowed: a duration from 1ms to "
                          "24h, such as 250ms, 5s or 2m",
                          "environment: LOGDIST_LOG__FORMAT: \"xml\" is unknown; allowed: one of text, json"));
}

TEST(Variables, UnknownOnesAreWarnings) {
  Environment environment = one_analyzer;
  environment["LOGDIST_QUEUE_MAX_PACKETS"] = "1";
  environment["LOGDIST_PORT_8080_TCP"] = "tcp://10.0.0.1:8080";
  environment["HOME"] = "/";
  const Loaded loaded = load(std::nullopt, environment);
  EXPECT_THAT(lines(loaded.errors), IsEmpty());
  EXPECT_THAT(lines(loaded.warnings),
              ElementsAre("environment: LOGDIST_PORT_8080_TCP: unknown variable, ignored",
                          "environment: LOGDIST_QUEUE_MAX_PACKETS: unknown variable, ignored; did you mean "
                          "`LOGDIST_QUEUE__MAX_PACKETS`?"));
}

TEST(AnalyzersVariable, ReplacesTheList) {
  const Environment environment{
      {"LOGDIST_ANALYZERS",
       "a=http://host:9101/analyze weight=40, b=http://[::1]:9102/?x=y weight=0.5 max_in_flight=7,"}};
  const Loaded loaded = load_text("analyzers: [{name: c, url: http://c}]", "f.yaml", environment);
  EXPECT_THAT(lines(loaded.errors), IsEmpty());
  ASSERT_EQ(loaded.options.analyzers.size(), 2u);
  const AnalyzerOptions& first = loaded.options.analyzers[0];
  EXPECT_EQ(first.name, "a");
  EXPECT_EQ(first.url, "http://host:9101/analyze");
  EXPECT_EQ(first.host, "host");
  EXPECT_EQ(first.port, "9101");
  EXPECT_EQ(first.target, "/analyze");
  EXPECT_EQ(first.weight.units, 40'000'000u);
  EXPECT_EQ(first.max_in_flight, std::nullopt);
  const AnalyzerOptions& second = loaded.options.analyzers[1];
  EXPECT_EQ(second.host, "::1");
  EXPECT_EQ(second.target, "/?x=y");
  EXPECT_EQ(second.weight.units, 500'000u);
  EXPECT_EQ(second.max_in_flight, 7u);
}

TEST(AnalyzersVariable, SaysEveryFault) {
  const Environment environment{{"LOGDIST_ANALYZERS",
                                 "http://h weight=1, a=http://h weight=0 weight=2, a=ftp://h max_in_flight=0 x=1 "
                                 "headers=X, a=http://h weight"}};
  const std::string allowed =
      "allowed: NAME=URL, then weight=…, max_in_flight=…, forward=…, formats=…, decompress=…, tls.ca=…, "
      "tls.certificate=…, "
      "tls.key=…, tls.server_name=…, tls.verify=…, zone=…, separated by spaces";
  EXPECT_THAT(
      lines(load(std::nullopt, environment).errors),
      ElementsAre("environment: LOGDIST_ANALYZERS[0]: \"http://h\" is not NAME=URL; " + allowed,
                  "environment: LOGDIST_ANALYZERS[1].weight: \"0\" is not above 0; allowed: a number above 0, at most "
                  "1000000, with at most 6 decimals",
                  "environment: LOGDIST_ANALYZERS[1].weight: is given twice; allowed: once",
                  "environment: LOGDIST_ANALYZERS[2].url: \"ftp://h\" does not start with http:// or https://; "
                  "allowed: http://HOST[:PORT][/PATH][?QUERY], or https://",
                  "environment: LOGDIST_ANALYZERS[2].max_in_flight: \"0\" is out of range; allowed: a whole number "
                  "from 1 to 1000000",
                  "environment: LOGDIST_ANALYZERS[2]: \"x=1\" is not known; " + allowed,
                  "environment: LOGDIST_ANALYZERS[2]: \"headers=X\" is not known; " + allowed,
                  "environment: LOGDIST_ANALYZERS[3].weight: \"\" is not a positive decimal number; allowed: a number "
                  "above 0, at most 1000000, with at most 6 decimals",
                  "environment: LOGDIST_ANALYZERS[2].name: \"a\" is also the name of analyzers[1]; allowed: a unique "
                  "name",
                  "environment: LOGDIST_ANALYZERS[3].name: \"a\" is also the name of analyzers[1]; allowed: a unique "
                  "name"));
}

TEST(AnalyzersVariable, EmptyNamesNone) {
  EXPECT_THAT(lines(load(std::nullopt, {{"LOGDIST_ANALYZERS", " , "}}).errors),
              ElementsAre("environment: LOGDIST_ANALYZERS: none is given; allowed: at least one, in the file or in "
                          "LOGDIST_ANALYZERS"));
}

TEST(ReadEnvironment, TakesOnlyOurVariables) {
  ASSERT_EQ(setenv("LOGDIST_TEST_OF_ENVIRONMENT", "a=b", 1), 0);
  ASSERT_EQ(setenv("OTHER_TEST_OF_ENVIRONMENT", "x", 1), 0);
  const Environment environment = read_environment();
  EXPECT_EQ(environment.at("LOGDIST_TEST_OF_ENVIRONMENT"), "a=b");
  for (const auto& [name, value] : environment) EXPECT_TRUE(name.starts_with("LOGDIST_")) << name;
  unsetenv("LOGDIST_TEST_OF_ENVIRONMENT");
  unsetenv("OTHER_TEST_OF_ENVIRONMENT");
}

TEST(Environment, TheToolsTokenIsNobodysTypingError) {
  Environment environment = one_analyzer;
  environment["LOGDIST_TOKEN"] = "ld_s3cret";
  environment["LOGDIST_TOKEN_FILE"] = "/nowhere";
  const Loaded loaded = load({}, environment);
  EXPECT_THAT(lines(loaded.errors), testing::IsEmpty());
  EXPECT_THAT(lines(loaded.warnings), testing::IsEmpty());
  environment["LOGDIST_TOKENS"] = "x";
  EXPECT_EQ(load({}, environment).warnings.size(), 1u);
}

}  // namespace
}  // namespace logdist::config
