#include "logdist/registry/analyzer_events.hpp"

#include <gmock/gmock.h>
#include <boost/asio/error.hpp>

namespace logdist::registry {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

struct NoWakes final : dispatch::WakeupListener {
  void wake_loop(LoopId) override {}
  void wake_control() override {}
};

class AnalyzerEventsTest : public testing::Test {
 protected:
  AnalyzerEventsTest() : balancer_({}, {}, 1, wakeups_, Clock::now()), events_(control_, balancer_, log_, {}) {
    events_.set(0, "alpha", "alpha.example");
    events_.set(1, "beta", "beta.example");
  }

  static dispatch::StateChange change(AnalyzerId analyzer, health::State from, health::State to) {
    dispatch::StateChange change;
    change.analyzer = analyzer;
    change.from = from;
    change.to = to;
    return change;
  }

  const admin::Event& newest() const { return log_.events().back(); }

  boost::asio::io_context control_;
  NoWakes wakeups_;
  dispatch::LoadBalancer balancer_;
  admin::EventLog log_;
  AnalyzerEvents events_;
};

TEST_F(AnalyzerEventsTest, AFailureIsAWarningWithItsCause) {
  dispatch::StateChange failed = change(1, health::State::healthy, health::State::failed);
  failed.failure.outcome = Outcome::http_error;
  failed.failure.status = 500;
  events_.changed(failed);
  EXPECT_EQ(newest().kind, admin::EventKind::state);
  EXPECT_EQ(newest().analyzer, "beta");
  EXPECT_TRUE(newest().warning);
  EXPECT_EQ(newest().text, "healthy -> failed (answered 500)");

  failed.failure.outcome = Outcome::connect_error;
  failed.failure.error = boost::asio::error::connection_refused;
  failed.failure.of_probe = true;
  events_.changed(failed);
  EXPECT_EQ(newest().text, "healthy -> failed (probe: Connection refused)");
}

TEST_F(AnalyzerEventsTest, FailedTestsAreToldOnceAMinute) {
  using health::State;
  const TimePoint begin = Clock::now();
  events_.changed(change(0, State::healthy, State::failed));
  for (int second = 0; second <= 120; second += 5) {
    dispatch::StateChange test = change(0, State::failed, State::testing);
    test.at = begin + std::chrono::seconds(second);
    events_.changed(test);
    std::swap(test.from, test.to);
    events_.changed(test);
  }
  events_.changed(change(0, State::failed, State::testing));
  events_.changed(change(0, State::testing, State::healthy));
  std::vector<std::string> texts;
  for (const admin::Event& event : log_.events()) texts.push_back(event.text);
  EXPECT_THAT(texts, ElementsAre(StartsWith("healthy -> failed"), "failed -> testing", StartsWith("testing -> failed"),
                                 EndsWith(", 13 tests failed"), EndsWith(", 25 tests failed"), "testing -> healthy"));

  events_.changed(change(0, State::healthy, State::failed));
  events_.changed(change(0, State::failed, State::testing));
  EXPECT_EQ(newest().text, "failed -> testing") << "the next outage is told from its beginning";
}

TEST_F(AnalyzerEventsTest, ARecoveryIsNoWarning) {
  events_.changed(change(0, health::State::testing, health::State::healthy));
  EXPECT_EQ(newest().text, "testing -> healthy");
  EXPECT_FALSE(newest().warning);
}

TEST_F(AnalyzerEventsTest, PausesAreToldNowAndThen) {
  const dispatch::PauseNotice notice{.analyzer = 0, .pauses = 1, .status = 429, .length = 1500ms};
  for (int i = 0; i < 100; ++i) events_.paused(notice);
  EXPECT_THAT(log_.events(), SizeIs(1));
  EXPECT_EQ(newest().kind, admin::EventKind::pause);
  EXPECT_EQ(newest().text, "asked for a pause of 1.5 s (answered 429)");
  events_.paused({.analyzer = 1, .pauses = 3, .status = 503, .length = 1s});
  EXPECT_THAT(log_.events(), SizeIs(2)) << "each analyzer has its own turn";
  EXPECT_THAT(newest().text, HasSubstr("3 times"));
}

}  // namespace
}  // namespace logdist::registry
