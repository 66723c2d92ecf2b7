// Evidence that is none: packets that have failed before, and probes that decide alone.
#include "tests/health/monitor_fixture.hpp"

namespace logdist::health {
namespace {

TEST_F(MonitorTest, WhatFailedBeforeSaysNothingOfTheAnalyzer) {
  Monitor monitor = make(defaults);
  fail_packets(monitor, 2);
  for (int i = 0; i < 100; ++i) monitor.on_suspect_failure(monitor.epoch(), now_);
  EXPECT_EQ(monitor.state(), State::healthy);
  fail_packets(monitor, 1);
  EXPECT_EQ(monitor.state(), State::failed) << "nor does it end a streak";
}

TEST_F(MonitorTest, InTestingAPassedProbeDecidesWhileOnlySuspectsWait) {
  Monitor monitor = make(defaults);
  fail_packets(monitor, 3);
  await_testing(monitor);
  monitor.trust_probe(now_);
  EXPECT_EQ(monitor.state(), State::testing) << "the probe has not passed yet";
  probe(monitor, ProbeResult::passed);
  EXPECT_FALSE(monitor.wants_suspect_trial());
  monitor.trust_probe(now_);
  EXPECT_EQ(monitor.state(), State::healthy);
  EXPECT_TRUE(monitor.ramping(now_));
  fail_packets(monitor, 2);
  EXPECT_EQ(monitor.state(), State::healthy) << "the streak begins at nothing";
}

TEST_F(MonitorTest, AProbeIsNotTrustedWhileATrialIsUnderWay) {
  Monitor monitor = make(defaults);
  fail_packets(monitor, 3);
  await_testing(monitor);
  probe(monitor, ProbeResult::passed);
  monitor.trial_begun();
  monitor.trust_probe(now_);
  EXPECT_EQ(monitor.state(), State::testing);
}

TEST_F(MonitorTest, WithoutProbesASuspectMayBeTried) {
  Monitor monitor = make(without_probes());
  fail_packets(monitor, 3);
  await_testing(monitor);
  monitor.trust_probe(now_);
  EXPECT_EQ(monitor.state(), State::testing) << "there is no probe to trust";
  ASSERT_TRUE(monitor.wants_suspect_trial());
  monitor.trial_begun();
  EXPECT_FALSE(monitor.wants_suspect_trial());
  monitor.on_suspect_failure(monitor.epoch(), now_);
  EXPECT_EQ(monitor.state(), State::testing) << "its failure leaves the state";
  EXPECT_FALSE(monitor.wants_suspect_trial()) << "the next suspect after a back-off";
  EXPECT_TRUE(monitor.wants_trial()) << "any other packet at once";
  now_ += 500ms;
  EXPECT_EQ(monitor.next_event(), now_);
  monitor.tick(now_);
  ASSERT_TRUE(monitor.wants_suspect_trial());
  monitor.trial_begun();
  monitor.on_success(monitor.epoch(), now_);
  EXPECT_EQ(monitor.state(), State::healthy) << "its success heals";
}

TEST_F(MonitorTest, WhileAllAreOutAPassedProbeLeadsToTestingWhateverTheBackOff) {
  Monitor monitor = make(defaults);
  fail_packets(monitor, 3);
  EXPECT_FALSE(monitor.probe_due(now_)) << "others are in service";
  EXPECT_EQ(monitor.next_event(), now_ + 500ms);
  monitor.set_all_out(true);
  EXPECT_EQ(monitor.next_event(), now_);
  probe(monitor, ProbeResult::passed);
  EXPECT_EQ(monitor.state(), State::testing);
  EXPECT_TRUE(monitor.wants_trial()) << "the probe has passed already";
  EXPECT_FALSE(monitor.probe_due(now_));
  monitor.trial_begun();
  fail_packets(monitor, 1);
  EXPECT_EQ(monitor.testing_at(), now_ + 1s) << "the back-off is doubled as ever";
  EXPECT_FALSE(monitor.probe_due(now_)) << "not again at once";
  now_ += 20ms;
  EXPECT_EQ(monitor.next_event(), now_) << "a run of bad packets is soon over";
  EXPECT_TRUE(monitor.probe_due(now_));
}

TEST_F(MonitorTest, WhileAllAreOutAFailedProbeChangesNothingAndIsRepeatedAtTheInterval) {
  MonitorOptions options = defaults;
  options.interval = 200ms;
  options.backoff_initial = 30s;
  Monitor monitor = make(options);
  fail_packets(monitor, 3);
  monitor.set_all_out(true);
  for (int i = 0; i < 10; ++i) {
    probe(monitor, ProbeResult::failed);
    EXPECT_EQ(monitor.state(), State::failed);
    EXPECT_EQ(monitor.next_event(), now_ + 200ms);
    now_ += 200ms;
  }
  EXPECT_EQ(monitor.testing_at(), now_ + 28s);
  monitor.probe_begun(now_);
  monitor.set_all_out(false);
  monitor.on_probe(ProbeResult::passed, monitor.epoch(), now_);
  EXPECT_EQ(monitor.state(), State::failed) << "another is in service again: the back-off counts";
}

}  // namespace
}  // namespace logdist::health
