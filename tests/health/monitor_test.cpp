#include "tests/health/monitor_fixture.hpp"

namespace logdist::health {
namespace {

TEST_F(MonitorTest, StartsHealthyAtFullRamp) {
  const Monitor monitor = make(defaults);
  EXPECT_EQ(monitor.state(), State::healthy);
  EXPECT_FALSE(monitor.ramping(now_));
  EXPECT_EQ(monitor.ramped(256, now_), 256u);
  EXPECT_FALSE(monitor.wants_trial());
}

TEST_F(MonitorTest, FirstProbesAreSpreadOverTheInterval) {
  TimePoint earliest = never;
  TimePoint latest = TimePoint::min();
  for (int i = 0; i < 100; ++i) {
    const Monitor monitor = make(defaults);
    ASSERT_GE(monitor.next_event(), now_);
    ASSERT_LE(monitor.next_event(), now_ + 5s);
    earliest = std::min(earliest, monitor.next_event());
    latest = std::max(latest, monitor.next_event());
  }
  EXPECT_GT(latest - earliest, 4s);
}

TEST_F(MonitorTest, ProbesAtTheIntervalAndOneAtATime) {
  Monitor monitor = make(defaults);
  now_ = monitor.next_event();
  ASSERT_TRUE(monitor.probe_due(now_));
  monitor.probe_begun(now_);
  EXPECT_FALSE(monitor.probe_due(now_ + 1h));
  EXPECT_EQ(monitor.next_event(), never);
  monitor.on_probe(ProbeResult::passed, monitor.epoch(), now_ + 1s);
  EXPECT_EQ(monitor.next_event(), now_ + 5s);
  EXPECT_FALSE(monitor.probe_due(now_ + 5s - 1ns));
  EXPECT_TRUE(monitor.probe_due(now_ + 5s));
}

TEST_F(MonitorTest, WithoutAPathNothingIsProbed) {
  Monitor monitor = make(without_probes());
  EXPECT_EQ(monitor.next_event(), never);
  EXPECT_FALSE(monitor.probe_due(now_ + 1h));
  fail_packets(monitor, 3);
  await_testing(monitor);
  EXPECT_FALSE(monitor.probe_due(now_));
  EXPECT_TRUE(monitor.wants_trial());
}

TEST_F(MonitorTest, FailsAtTheThreshold) {
  Monitor monitor = make(defaults);
  fail_packets(monitor, 2);
  EXPECT_EQ(monitor.state(), State::healthy);
  fail_packets(monitor, 1);
  EXPECT_EQ(monitor.state(), State::failed);
}

TEST_F(MonitorTest, ASuccessInBetweenStartsTheCountAnew) {
  Monitor monitor = make(defaults);
  fail_packets(monitor, 2);
  monitor.on_success(monitor.epoch(), now_);
  fail_packets(monitor, 2);
  EXPECT_EQ(monitor.state(), State::healthy);
}

TEST_F(MonitorTest, PacketsAndProbesCountTogether) {
  Monitor monitor = make(defaults);
  fail_packets(monitor, 2);
  now_ = monitor.next_event();
  probe(monitor, ProbeResult::failed);
  EXPECT_EQ(monitor.state(), State::failed);
}

TEST_F(MonitorTest, PassingProbesDoNotHideFailingPackets) {
  Monitor monitor = make(defaults);
  for (int i = 0; i < 3; ++i) {
    now_ = monitor.next_event();
    probe(monitor, ProbeResult::passed);
    fail_packets(monitor, 1);
  }
  EXPECT_EQ(monitor.state(), State::failed);
}

TEST_F(MonitorTest, PassingPacketsDoNotHideFailingProbes) {
  Monitor monitor = make(defaults);
  for (int i = 0; i < 3; ++i) {
    now_ = monitor.next_event();
    probe(monitor, ProbeResult::failed);
    monitor.on_success(monitor.epoch(), now_);
  }
  EXPECT_EQ(monitor.state(), State::failed);
}

TEST_F(MonitorTest, AMissingPathPasses) {
  Monitor monitor = make(defaults);
  for (int i = 0; i < 10; ++i) {
    now_ = monitor.next_event();
    probe(monitor, ProbeResult::missing);
  }
  EXPECT_EQ(monitor.state(), State::healthy);
  fail_packets(monitor, 3);
  await_testing(monitor);
  probe(monitor, ProbeResult::missing);
  EXPECT_TRUE(monitor.wants_trial());
}

TEST_F(MonitorTest, BackoffDoublesWithEachFailedTestUpToTheMaximum) {
  Monitor monitor = make(defaults);
  fail_packets(monitor, 3);
  for (const Duration wait : {500ms, 1'000ms, 2'000ms, 4'000ms, 8'000ms, 16'000ms, 30'000ms, 30'000ms}) {
    EXPECT_EQ(monitor.next_event() - now_, wait);
    monitor.tick(monitor.next_event() - 1ns);
    EXPECT_EQ(monitor.state(), State::failed);
    await_testing(monitor);
    probe(monitor, ProbeResult::failed);
  }
}

TEST_F(MonitorTest, BackoffStartsAnewAfterARecovery) {
  Monitor monitor = make(defaults);
  fail_packets(monitor, 3);
  await_testing(monitor);
  probe(monitor, ProbeResult::failed);
  recover(monitor);
  fail_packets(monitor, 3);
  EXPECT_EQ(monitor.next_event() - now_, 500ms);
}

TEST_F(MonitorTest, TestingWantsAProbeThenOnePacket) {
  Monitor monitor = make(defaults);
  fail_packets(monitor, 3);
  await_testing(monitor);
  EXPECT_FALSE(monitor.wants_trial());
  probe(monitor, ProbeResult::passed);
  ASSERT_TRUE(monitor.wants_trial());
  monitor.trial_begun();
  EXPECT_FALSE(monitor.wants_trial());
  monitor.on_failure(monitor.epoch(), now_);
  EXPECT_EQ(monitor.state(), State::failed);
  EXPECT_EQ(monitor.next_event() - now_, 1s);
}

TEST_F(MonitorTest, AVoidTrialIsRepeated) {
  Monitor monitor = make(without_probes());
  fail_packets(monitor, 3);
  await_testing(monitor);
  monitor.trial_begun();
  monitor.trial_void(monitor.epoch() - 1);
  EXPECT_FALSE(monitor.wants_trial());
  monitor.trial_void(monitor.epoch());
  EXPECT_TRUE(monitor.wants_trial());
}

TEST_F(MonitorTest, ARefusedTrialIsRepeatedAfterABackOffThatDoubles) {
  Monitor monitor = make(without_probes());
  fail_packets(monitor, 3);
  await_testing(monitor);
  for (const auto wait : {500ms, 1000ms, 2000ms}) {
    ASSERT_TRUE(monitor.wants_trial());
    monitor.trial_begun();
    monitor.trial_refused(monitor.epoch(), now_);
    EXPECT_EQ(monitor.state(), State::testing) << "it says nothing of its health";
    EXPECT_EQ(monitor.next_event() - now_, wait);
    now_ += wait - 1ms;
    monitor.tick(now_);
    EXPECT_FALSE(monitor.wants_trial());
    now_ += 1ms;
    monitor.tick(now_);
  }
  monitor.trial_begun();
  monitor.on_success(monitor.epoch(), now_);
  EXPECT_EQ(monitor.state(), State::healthy);
}

TEST_F(MonitorTest, TestingIsProbedOnWhileItWaitsForAPacket) {
  Monitor monitor = make(defaults);
  fail_packets(monitor, 3);
  await_testing(monitor);
  probe(monitor, ProbeResult::passed);
  now_ = monitor.next_event();
  probe(monitor, ProbeResult::failed);
  EXPECT_EQ(monitor.state(), State::failed);
}

TEST_F(MonitorTest, ResultsOfAnEarlierStateMoveNothing) {
  Monitor monitor = make(defaults);
  const Epoch old = monitor.epoch();
  fail_packets(monitor, 3);
  const TimePoint due = monitor.next_event();
  monitor.on_success(old, now_);
  monitor.on_failure(old, now_);
  monitor.on_probe(ProbeResult::passed, old, now_);
  EXPECT_EQ(monitor.state(), State::failed);
  EXPECT_EQ(monitor.next_event(), due);
  await_testing(monitor);
  monitor.on_success(old, now_);
  monitor.on_probe(ProbeResult::failed, old, now_);
  monitor.on_failure(old, now_);
  EXPECT_EQ(monitor.state(), State::testing);
  EXPECT_TRUE(monitor.probe_due(now_));
}

TEST_F(MonitorTest, RampsLinearlyAfterARecovery) {
  Monitor monitor = make(defaults);
  fail_packets(monitor, 3);
  recover(monitor);
  EXPECT_TRUE(monitor.ramping(now_));
  EXPECT_EQ(monitor.ramped(101, now_), 1u);
  EXPECT_EQ(monitor.ramped(101, now_ - 1s), 1u) << "a loop whose clock reading is a little older";
  EXPECT_EQ(monitor.ramped(101, now_ + 5s), 51u);
  EXPECT_EQ(monitor.ramped(101, now_ + 10s), 101u);
  EXPECT_FALSE(monitor.ramping(now_ + 10s));
  EXPECT_EQ(monitor.ramped(1, now_), 1u);
}

TEST_F(MonitorTest, WithoutSlowStartItIsBackAtOnce) {
  MonitorOptions options = defaults;
  options.slow_start = 0s;
  Monitor monitor = make(options);
  fail_packets(monitor, 3);
  recover(monitor);
  EXPECT_FALSE(monitor.ramping(now_));
  EXPECT_EQ(monitor.ramped(256, now_), 256u);
}

TEST(State, HasANameForEachValue) {
  EXPECT_STREQ(to_string(State::healthy), "healthy");
  EXPECT_STREQ(to_string(State::failed), "failed");
  EXPECT_STREQ(to_string(State::testing), "testing");
}

}  // namespace
}  // namespace logdist::health
