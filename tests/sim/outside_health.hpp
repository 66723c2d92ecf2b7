// The health of one analyzer as an outsider works it out: from how the packets
// and probes sent there ended, and from what was configured. Shares nothing with
// the monitor it is compared with but the words.
#pragma once

#include <cstdint>
#include <set>

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

  /// A packet that has not failed yet is sent there; its ticket, for packet_over(), once it is known how it ended.
  std::uint64_t packet_sent();
  void packet_over(std::uint32_t begun_in, std::uint64_t ticket, TimePoint now);
  void packet_delivered(std::uint32_t begun_in, TimePoint begun_at, TimePoint now);
  void packet_failed(std::uint32_t begun_in, TimePoint begun_at, TimePoint now);
  void probe_passed(std::uint32_t begun_in);
  void probe_failed(std::uint32_t begun_in, TimePoint now);
  /// Not one that was, and has failed since without having taken a packet: not in its back-off.
  bool may_be_trusted(TimePoint now) const { return now >= distrusted_until_; }
  void probe_trusted(TimePoint now) {
    enter(health::State::healthy, now);
    unproven_ = true;
  }
  void back_off_over(TimePoint now) { enter(health::State::testing, now); }
  /// Packets have failed one after the other, and those sent before that was known are not awaited any longer.
  void waited_enough(TimePoint now) { enter(health::State::failed, now); }
  /// It does worse than others, and is Failed for so long.
  void ejected(TimePoint now, Duration at_least, Duration at_most);
  /// When that is allowed; `never`: it is not.
  TimePoint waits_until() const;

  /// Of the present back-off.
  TimePoint test_not_before() const {
    return since_ + (is_ejected_ ? ejected_at_least_ : back_off(1 - promised_->backoff_jitter));
  }
  TimePoint test_not_after() const {
    return since_ + (is_ejected_ ? ejected_at_most_ : back_off(1 + promised_->backoff_jitter));
  }

 private:
  bool enough() const { return packet_failures_ + probe_failures_ >= promised_->failure_threshold; }
  void judge_packets(TimePoint now);
  void enter(health::State state, TimePoint now);
  Duration back_off(double spread) const;

  const health::MonitorOptions* promised_;
  health::State state_ = health::State::healthy;
  std::uint32_t stay_ = 0;
  TimePoint since_;
  std::uint32_t packet_failures_ = 0;  ///< one after the other
  std::uint32_t probe_failures_ = 0;
  std::uint32_t times_failed_ = 0;  ///< since it took a packet
  bool is_ejected_ = false;
  Duration ejected_at_least_{};
  Duration ejected_at_most_{};
  bool unproven_ = false;         ///< Healthy by a probe alone, and has taken no packet since
  TimePoint distrusted_until_{};  ///< at least
  std::uint64_t last_ticket_ = 0;
  std::set<std::uint64_t> under_way_;     ///< tickets of this state
  std::uint64_t first_failed_after_ = 0;  ///< the last ticket when the first of packet_failures_ was known
  std::uint64_t others_then_ = 0;         ///< under way then, itself included
  TimePoint first_failed_begun_{};        ///< its attempt
  TimePoint last_taken_begun_ =
      TimePoint::min();  ///< in this state: of the attempts that were taken, the last to begin
};

}  // namespace logdist::sim
