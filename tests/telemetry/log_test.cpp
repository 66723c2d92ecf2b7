// Whole lines, as they come out.
#include "logdist/telemetry/log.hpp"

#include <gmock/gmock.h>

#include <sstream>
#include <thread>
#include <vector>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace logdist::log {
namespace {

using testing::MatchesRegex;

/// What was logged, line by line.
class LogTest : public testing::Test {
 protected:
  void set_up(config::LogOptions options) {
    log::set_up(options, std::make_shared<spdlog::sinks::ostream_sink_mt>(written_));
  }
  ~LogTest() override { log::set_up({}, std::make_shared<spdlog::sinks::stderr_sink_mt>()); }

  std::vector<std::string> lines() const {
    std::istringstream text(written_.str());
    std::vector<std::string> all;
    for (std::string line; std::getline(text, line);) all.push_back(line);
    return all;
  }

 private:
  std::ostringstream written_;
};

TEST_F(LogTest, TextIsForPeople) {
  set_up({Level::info, config::LogFormat::text});
  warn("analyzer_failed", "analyzer a failed: Connection refused", {{"analyzer", "a"}});
  ASSERT_EQ(lines().size(), 1u);
  EXPECT_THAT(lines()[0],
              MatchesRegex(R"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}[+-][0-9]{2}:[0-9]{2} )"
                           "warn  analyzer a failed: Connection refused"));
}

TEST_F(LogTest, JsonIsForMachines) {
  set_up({Level::info, config::LogFormat::json});
  error("dead_letter", "dead letter: \"p\"\n", {{"packet_id", "p"}, {"messages", 3}});
  ASSERT_EQ(lines().size(), 1u);
  const auto line = nlohmann::ordered_json::parse(lines()[0]);
  std::vector<std::string> keys;
  for (const auto& [key, value] : line.items()) keys.push_back(key);
  EXPECT_THAT(keys, testing::ElementsAre("ts", "level", "event", "msg", "packet_id", "messages"));
  EXPECT_THAT(line["ts"].get<std::string>(),
              MatchesRegex(R"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z)"));
  EXPECT_EQ(line["level"], "error");
  EXPECT_EQ(line["msg"], "dead letter: \"p\"\n");
}

TEST_F(LogTest, TheLevelLeavesOutWhatIsBelow) {
  set_up({Level::warn, config::LogFormat::text});
  debug("event", "debug");
  info("event", "info");
  warn("event", "warn");
  error("event", "error");
  announce("event", "announced");
  ASSERT_EQ(lines().size(), 3u);
  EXPECT_TRUE(lines()[0].ends_with(" warn  warn"));
  EXPECT_TRUE(lines()[1].ends_with(" error error"));
  EXPECT_TRUE(lines()[2].ends_with(" info  announced"));
}

TEST_F(LogTest, WhatRepeatsIsCountedAndToldAtTheEnd) {
  set_up({Level::info, config::LogFormat::json});
  std::vector<std::jthread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([] {
      for (int i = 0; i < 1'000; ++i) warn("analyzer_failed", "analyzer a failed", {{"analyzer", "a"}});
    });
  }
  writers.clear();
  shut_down();
  std::uint64_t told = 0;
  for (const std::string& line : lines()) told += nlohmann::json::parse(line).value("more", std::uint64_t{1});
  EXPECT_EQ(told, 4'000u);
  EXPECT_LE(lines().size(), 10u);
}

TEST_F(LogTest, WhatIsToldNowhereElseIsAlwaysWritten) {
  set_up({Level::error, config::LogFormat::text});
  for (int i = 0; i < 100; ++i) record(Level::error, "dead_letter", "dead letter " + std::to_string(i));
  EXPECT_EQ(lines().size(), 100u);
}

}  // namespace
}  // namespace logdist::log
