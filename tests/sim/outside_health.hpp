// The health of one analyzer as an outsider works it out: from how the packets
// and probes sent there ended, and from what was configured. Shares nothing with
// the monitor it is compared with but the words.
#pragma once

#include <cstdint>

#include "logdist/health/health.hpp"

namespace logdist::sim {

/// One analyzer's health, computed from outside. Only the end of a back-off is taken from the
/// product, because chance has a part in it; it has to lie within bounds.
class OutsideHealth {
 public:
  OutsideHealth(const health::MonitorOptions& promised, TimePoint now) : promised_(&promised), since_(now) {}

  health::State state() const { return state_; }
  /// Grows with each change of state: what was begun before tells nothing any more.
  std::uint32_t stay() const { return stay_; }
  TimePoint since() const { return since_; }  ///< the beginning of this state

  void packet_delivered(std::uint32_t begun_in, TimePoint now);
  void packet_failed(std::uint32_t begun_in, TimePoint now);
  void probe_passed(std::uint32_t begun_in);
  void probe_failed(std::uint32_t begun_in, TimePoint now);
  void probe_trusted(TimePoint now) { enter(health::State::healthy, now); }
  void back_off_over(TimePoint now) { enter(health::State::testing, now); }

  /// Of the present back-off.
  TimePoint test_not_before() const { return since_ + back_off(1 - promised_->backoff_jitter); }
  TimePoint test_not_after() const { return since_ + back_off(1 + promised_->backoff_jitter); }

 private:
  void count(std::uint32_t& failures, TimePoint now);
  void enter(health::State state, TimePoint now);
  Duration back_off(double spread) const;

  const health::MonitorOptions* promised_;
  health::State state_ = health::State::healthy;
  std::uint32_t stay_ = 0;
  TimePoint since_;
  std::uint32_t packet_failures_ = 0;  ///< one after the other
  std::uint32_t probe_failures_ = 0;
  std::uint32_t times_failed_ = 0;  ///< since it was Healthy
};

}  // namespace logdist::sim
