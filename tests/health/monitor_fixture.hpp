// A monitor, and time that the test moves.
#pragma once

#include <gtest/gtest.h>

#include "logdist/health/health.hpp"

namespace logdist::health {
using namespace std::chrono_literals;

inline constexpr MonitorOptions defaults{.probing = true,
                                         .interval = 5s,
                                         .failure_threshold = 3,
                                         .backoff_initial = 500ms,
                                         .backoff_max = 30s,
                                         .backoff_multiplier = 2,
                                         .backoff_jitter = 0,
                                         .slow_start = 10s};

constexpr MonitorOptions without_probes() {
  MonitorOptions options = defaults;
  options.probing = false;
  return options;
}

class MonitorTest : public ::testing::Test {
 protected:
  Monitor make(const MonitorOptions& options) { return Monitor(options, random_, now_); }

  void fail_packets(Monitor& monitor, int times) {
    for (int i = 0; i < times; ++i) monitor.on_failure(monitor.epoch(), now_);
  }

  void probe(Monitor& monitor, ProbeResult result) {
    ASSERT_TRUE(monitor.probe_due(now_));
    monitor.probe_begun(now_);
    monitor.on_probe(result, monitor.epoch(), now_);
  }

  /// From Failed to Testing by the clock.
  void await_testing(Monitor& monitor) {
    ASSERT_EQ(monitor.state(), State::failed);
    now_ = monitor.next_event();
    monitor.tick(now_);
    ASSERT_EQ(monitor.state(), State::testing);
  }

  void recover(Monitor& monitor) {
    await_testing(monitor);
    if (monitor.probe_due(now_)) probe(monitor, ProbeResult::passed);
    ASSERT_TRUE(monitor.wants_trial());
    monitor.trial_begun();
    monitor.on_success(monitor.epoch(), now_);
    ASSERT_EQ(monitor.state(), State::healthy);
  }

  Random random_{42};
  TimePoint now_ = TimePoint{} + 1h;
};

}  // namespace logdist::health
