// What a Testing knows of the one before it: nothing but the back-off, and whether its probe can be trusted.
#include "tests/health/monitor_fixture.hpp"

namespace logdist::health {
namespace {

TEST_F(MonitorTest, TheNextTestingWaitsForNoTrialOfTheOneBefore) {
  Monitor monitor = make(defaults);
  fail_packets(monitor, 3);
  await_testing(monitor);
  probe(monitor, ProbeResult::passed);
  monitor.trial_begun();
  now_ = monitor.next_event();
  probe(monitor, ProbeResult::failed);
  await_testing(monitor);
  probe(monitor, ProbeResult::passed);
  EXPECT_TRUE(monitor.wants_trial());
}

TEST_F(MonitorTest, TheNextTestingDoesNotPauseForTheTrialsThatWereRefused) {
  Monitor monitor = make(defaults);
  fail_packets(monitor, 3);
  await_testing(monitor);
  probe(monitor, ProbeResult::passed);
  const auto refuse_trial = [&] {
    ASSERT_TRUE(monitor.wants_trial());
    monitor.trial_begun();
    monitor.trial_refused(monitor.epoch(), now_);
  };
  for (const Duration wait : {500ms, 1'000ms, 2'000ms}) {
    refuse_trial();
    now_ += wait;
    monitor.tick(now_);
  }
  refuse_trial();  // the next one in 4 s
  now_ += 1'500ms;
  probe(monitor, ProbeResult::failed);
  await_testing(monitor);  // after 1 s
  probe(monitor, ProbeResult::passed);
  refuse_trial();
  now_ += 500ms;
  monitor.tick(now_);
  EXPECT_TRUE(monitor.wants_trial()) << "the first of this Testing that was refused";
}

TEST_F(MonitorTest, TheNextTestingDoesNotPauseForTheSuspectsThatFailed) {
  Monitor monitor = make(without_probes());
  fail_packets(monitor, 3);
  await_testing(monitor);
  const auto fail_suspect = [&](Duration wait) {
    ASSERT_TRUE(monitor.wants_suspect_trial());
    monitor.trial_begun();
    monitor.on_suspect_failure(monitor.epoch(), now_);
    EXPECT_EQ(monitor.next_event() - now_, wait);
  };
  for (const Duration wait : {500ms, 1'000ms}) {
    fail_suspect(wait);
    now_ += wait;
    monitor.tick(now_);
  }
  fail_suspect(2'000ms);
  ASSERT_TRUE(monitor.wants_trial());
  monitor.trial_begun();
  fail_packets(monitor, 1);
  await_testing(monitor);  // after 1 s
  fail_suspect(500ms);
}

class MonitorTrustTest : public MonitorTest {
 protected:
  /// Healthy by the word of its probe alone.
  Monitor trusted() {
    Monitor monitor = make(defaults);
    fail_packets(monitor, 3);
    await_testing(monitor);
    probe(monitor, ProbeResult::passed);
    monitor.trust_probe(now_);
    EXPECT_EQ(monitor.state(), State::healthy);
    return monitor;
  }
};

TEST_F(MonitorTrustTest, AProbeThatWasWrongIsNotTrustedBeforeTheBackOffIsOver) {
  Monitor monitor = trusted();
  fail_packets(monitor, 3);
  const TimePoint until = monitor.testing_at();
  monitor.set_all_out(true);
  now_ = monitor.next_event();
  ASSERT_LT(now_, until);
  probe(monitor, ProbeResult::passed);
  ASSERT_EQ(monitor.state(), State::testing);
  EXPECT_TRUE(monitor.distrusted());
  monitor.trust_probe(now_);
  EXPECT_EQ(monitor.state(), State::testing);
  EXPECT_EQ(monitor.next_event(), until);
  now_ = until;
  monitor.tick(now_);
  EXPECT_FALSE(monitor.distrusted());
  monitor.trust_probe(now_);
  EXPECT_EQ(monitor.state(), State::healthy);
}

TEST_F(MonitorTrustTest, APacketThatIsTakenProvesTheProbeRight) {
  Monitor monitor = trusted();
  monitor.on_success(monitor.epoch(), now_);
  fail_packets(monitor, 3);
  EXPECT_EQ(monitor.state(), State::failed);
  EXPECT_FALSE(monitor.distrusted());
}

}  // namespace
}  // namespace logdist::health
