// What operators read when an analyzer is away.
#include "logdist/registry/analyzer_log.hpp"
#include "logdist/telemetry/in_words.hpp"

#include <gmock/gmock.h>

#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>
#include <sstream>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "logdist/telemetry/log.hpp"

namespace logdist::registry {
namespace {

using namespace std::chrono_literals;
using dispatch::StateChange;
using health::State;
using testing::ElementsAre;

config::Options two_analyzers() {
  config::Options options;
  options.health.timeout = 2s;
  options.delivery.timeout = 5s;
  options.health.failure_threshold = 3;
  options.analyzers.resize(2);
  options.analyzers[0].name = "a";
  options.analyzers[0].host = "a.test";
  options.analyzers[1].name = "b\n\x1b[31m";
  options.analyzers[1].host = "b.test";
  return options;
}

const core::Failure refused{Outcome::connect_error, 0, boost::asio::error::connection_refused, true};

class AnalyzerLogTest : public testing::Test {
 protected:
  AnalyzerLogTest() { set_up(config::LogFormat::json); }
  ~AnalyzerLogTest() override { log::set_up({}, std::make_shared<spdlog::sinks::stderr_sink_mt>()); }

  void set_up(config::LogFormat format) {
    log::set_up({config::LogLevel::info, format}, std::make_shared<spdlog::sinks::ostream_sink_mt>(written_));
  }
  void change(State from, State to, const core::Failure& failure = {}, Duration next_test = 500ms) {
    log_.changed({0, from, to, now_, failure, to == State::failed ? now_ + next_test : never});
  }
  /// One test that fails, `later` after what was last.
  void fail_test(Duration later) {
    now_ += later;
    change(State::failed, State::testing);
    change(State::testing, State::failed, refused, 30s);
  }
  /// The value of `key` in each line; null where it has none.
  std::vector<std::string> all(const char* key) const {
    std::istringstream text(written_.str());
    std::vector<std::string> values;
    for (std::string line; std::getline(text, line);) {
      auto json = nlohmann::json::parse(line);
      values.push_back(json[key].is_string() ? json[key].get<std::string>() : json[key].dump());
    }
    return values;
  }

  AnalyzerLog log_{two_analyzers()};
  TimePoint now_ = TimePoint() + 1h;
  std::ostringstream written_;
};

TEST_F(AnalyzerLogTest, TheFirstFailureAndTheRecoveryAreALineEach) {
  change(State::healthy, State::failed, refused);
  fail_test(500ms);
  now_ += 2min + 29s + 500ms;
  change(State::failed, State::testing);
  change(State::testing, State::healthy);
  EXPECT_THAT(all("msg"),
              ElementsAre("analyzer a failed: 3 failures in a row, last: probe: Connection refused; next test in 500ms",
                          "analyzer a is healthy again after 2m30s out of service (1 test failed)"));
  EXPECT_THAT(all("event"), ElementsAre("analyzer_failed", "analyzer_recovered"));
  EXPECT_THAT(all("level"), ElementsAre("warn", "info"));
  EXPECT_THAT(all("analyzer"), ElementsAre("a", "a"));
}

TEST_F(AnalyzerLogTest, AnEjectionSaysHowFarItIsFromTheOthers) {
  using health::Ejection;
  log_.changed({0,
                State::healthy,
                State::failed,
                now_,
                {},
                now_ + 10s,
                Ejection{0, Ejection::Reason::success_rate, 0.914, 0.998, 10s}});
  change(State::failed, State::testing);
  change(State::testing, State::healthy);
  log_.changed({0,
                State::healthy,
                State::failed,
                now_,
                {},
                now_ + 20s,
                Ejection{0, Ejection::Reason::latency, 0.25, 0.0121, 20s}});
  const std::vector<std::string> lines = all("msg");
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0], "analyzer a ejected: took 91.4 % of its packets, the others 99.8 %; next test in 10s");
  EXPECT_EQ(lines[2], "analyzer a ejected: takes 250.0 ms per packet, the others 12.1 ms; next test in 20s");
  EXPECT_EQ(all("event")[0], "analyzer_ejected");
  EXPECT_EQ(all("reason")[2], "latency");
}

TEST_F(AnalyzerLogTest, WhileItStaysAwayALineAMinute) {
  change(State::healthy, State::failed, refused);
  for (int i = 0; i < 5 * 60; ++i) fail_test(1s);
  const std::vector<std::string> lines = all("msg");
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[2],
            "analyzer a still failed for 2m00s: 120 tests failed, last: probe: Connection refused; next test in 30s");
  EXPECT_EQ(all("failed_tests")[2], "120");
  EXPECT_EQ(all("away_seconds")[2], "120.0");
}

TEST_F(AnalyzerLogTest, EveryCauseHasItsWords) {
  const auto words = [](Outcome outcome, unsigned status = 0, const boost::system::error_code& error = {}) {
    return telemetry::in_words({outcome, status, error, false}, "host.test", 2s);
  };
  namespace asio = boost::asio;
  namespace http = boost::beast::http;
  EXPECT_EQ(words(Outcome::http_error, 500), "answered 500");
  EXPECT_EQ(words(Outcome::timeout, 0, asio::error::timed_out), "no answer within 2s");
  EXPECT_EQ(words(Outcome::connect_error, 0, asio::error::connection_refused), "Connection refused");
  EXPECT_EQ(words(Outcome::connect_error, 0, asio::error::host_not_found), "name does not resolve: host.test");
  EXPECT_EQ(words(Outcome::connect_error, 0, asio::error::host_not_found_try_again),
            "no name server answers for host.test");
  EXPECT_EQ(words(Outcome::connect_error), "no connection");
  EXPECT_EQ(words(Outcome::connection_broken, 0, asio::error::eof), "connection closed without an answer");
  EXPECT_EQ(words(Outcome::connection_broken, 0, asio::error::connection_reset), "Connection reset by peer");
  EXPECT_EQ(words(Outcome::protocol_error, 0, http::error::bad_version), "broken HTTP: bad version");
}

TEST_F(AnalyzerLogTest, APauseSaysHowLongAndAMissingPathIsSaidOnce) {
  log_.paused({0, 1, 429, 3s});
  log_.path_missing(0);
  log_.path_missing(0);
  EXPECT_THAT(all("event"), ElementsAre("analyzer_paused", "health_path_missing"));
  EXPECT_THAT(all("msg")[0], "analyzer a asked for a pause of 3s (answered 429)");
}

TEST_F(AnalyzerLogTest, AHostileNameStaysInItsLine) {
  set_up(config::LogFormat::text);
  log_.path_missing(1);
  const std::string line = written_.str();
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_THAT(line, testing::HasSubstr("analyzer b\\x0a\\x1b[31m: "));
}

}  // namespace
}  // namespace logdist::registry
