// Evidence that is none: packets that have failed before, and probes that decide alone.
#include <vector>

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

/// Of packets sent together, those that fail at once are known before those that are taken.
class MonitorStreakTest : public MonitorTest {
 protected:
  static constexpr MonitorOptions options = [] {
    MonitorOptions result = defaults;
    result.answer_within = 2s;
    return result;
  }();

  void fail(Monitor& monitor, Epoch begun_in, Duration lasted = {}) {
    monitor.on_failure(begun_in, now_, lasted);
    monitor.attempt_ended(begun_in, now_);
  }
};

TEST_F(MonitorStreakTest, WaitsForThoseSentBeforeItsFirstFailureWasKnown) {
  Monitor monitor = make(options);
  std::vector<Epoch> good(100);
  for (Epoch& epoch : good) epoch = monitor.attempt_begun();
  std::vector<Epoch> bad(100);
  for (Epoch& epoch : bad) epoch = monitor.attempt_begun();
  for (const Epoch epoch : bad) fail(monitor, epoch);
  EXPECT_EQ(monitor.state(), State::healthy);
  monitor.on_success(good[0], now_);
  monitor.attempt_ended(good[0], now_);
  EXPECT_EQ(monitor.state(), State::healthy);
  EXPECT_GT(monitor.next_event(), now_) << "there is no streak any more";
}

/// Bad packets whose failure shows after a second, one after the other, and good ones sent meanwhile.
TEST_F(MonitorStreakTest, IsNotOfThoseThatFailLateWhileOthersAreTaken) {
  Monitor monitor = make(options);
  for (int i = 0; i < 10; ++i) fail(monitor, monitor.attempt_begun(), 1s);
  ASSERT_EQ(monitor.state(), State::failed) << "nothing was taken";

  Monitor taking = make(options);
  const Epoch good = taking.attempt_begun();
  taking.on_success(good, now_, 1ms);
  taking.attempt_ended(good, now_);
  for (int i = 0; i < 10; ++i) fail(taking, taking.attempt_begun(), 1s);
  EXPECT_EQ(taking.state(), State::healthy) << "they were sent before one that was taken";
  for (int i = 0; i < 2; ++i) fail(taking, taking.attempt_begun(), 1ms);
  EXPECT_EQ(taking.state(), State::healthy);
  fail(taking, taking.attempt_begun());
  EXPECT_EQ(taking.state(), State::failed) << "three were sent after it";
}

/// One that answers now and then, late, and fails all the rest.
TEST_F(MonitorStreakTest, DoesNotWaitWhenThreeInFourFail) {
  Monitor monitor = make(options);
  monitor.attempt_begun();
  monitor.attempt_begun();
  for (int i = 0; i < 5; ++i) fail(monitor, monitor.attempt_begun());
  EXPECT_EQ(monitor.state(), State::healthy) << "5 of 7";
  fail(monitor, monitor.attempt_begun());
  EXPECT_EQ(monitor.state(), State::failed) << "6 of 8";
}

TEST_F(MonitorStreakTest, IsEvidenceWhenTheLastOfThemFailed) {
  Monitor monitor = make(options);
  std::vector<Epoch> sent(3);
  for (Epoch& epoch : sent) epoch = monitor.attempt_begun();
  for (std::size_t i = 0; i < 2; ++i) fail(monitor, sent[i]);
  std::vector<Epoch> later(3);
  for (Epoch& epoch : later) epoch = monitor.attempt_begun();
  ASSERT_EQ(monitor.state(), State::healthy);
  fail(monitor, sent[2]);
  EXPECT_EQ(monitor.state(), State::failed) << "those sent later are not awaited";
  monitor.attempt_ended(later[0], now_);
  EXPECT_EQ(monitor.state(), State::failed);
}

TEST_F(MonitorStreakTest, IsEvidenceWhenTheLastOfThemSaysNothing) {
  Monitor monitor = make(options);
  const Epoch first = monitor.attempt_begun();
  const Epoch unsent = monitor.attempt_begun();
  fail(monitor, first);
  for (int i = 0; i < 3; ++i) monitor.attempt_begun();
  for (int i = 0; i < 2; ++i) fail(monitor, monitor.attempt_begun());
  ASSERT_EQ(monitor.state(), State::healthy);
  monitor.attempt_ended(unsent, now_);
  EXPECT_EQ(monitor.state(), State::failed);
}

TEST_F(MonitorStreakTest, DoesNotWaitForTheDeafLongerThanAnAnswerTakes) {
  Monitor monitor = make(options);
  monitor.attempt_begun();
  monitor.attempt_begun();
  for (int i = 0; i < 2; ++i) fail(monitor, monitor.attempt_begun(), 500ms);
  EXPECT_GT(monitor.next_event(), now_ + 1500ms) << "two are no streak";
  fail(monitor, monitor.attempt_begun());
  ASSERT_EQ(monitor.state(), State::healthy);
  now_ += 1500ms;
  EXPECT_EQ(monitor.next_event(), now_) << "counted from when the first one was sent";
  monitor.tick(now_ - 1ns);
  EXPECT_EQ(monitor.state(), State::healthy);
  monitor.tick(now_);
  EXPECT_EQ(monitor.state(), State::failed);
}

TEST_F(MonitorStreakTest, OfAttemptsThatTookLongerIsEvidenceAtOnce) {
  Monitor monitor = make(options);
  monitor.attempt_begun();
  for (int i = 0; i < 3; ++i) fail(monitor, monitor.attempt_begun(), 2s);
  EXPECT_EQ(monitor.state(), State::failed);
}

TEST_F(MonitorStreakTest, IsEvidenceWithAFailedProbeAtOnce) {
  Monitor monitor = make(options);
  now_ = monitor.next_event();
  for (int i = 0; i < 9; ++i) monitor.attempt_begun();
  for (int i = 0; i < 2; ++i) fail(monitor, monitor.attempt_begun());
  probe(monitor, ProbeResult::failed);
  EXPECT_EQ(monitor.state(), State::failed);
}

TEST_F(MonitorStreakTest, DoesNotWaitForThoseOfAnEarlierState) {
  Monitor monitor = make(options);
  monitor.attempt_begun();
  for (int i = 0; i < 3; ++i) fail(monitor, monitor.attempt_begun(), 2s);
  recover(monitor);
  for (int i = 0; i < 3; ++i) fail(monitor, monitor.attempt_begun());
  EXPECT_EQ(monitor.state(), State::failed);
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
