#include "tests/sim/outside_health.hpp"

#include <algorithm>

namespace logdist::sim {

using health::State;

void OutsideHealth::packet_delivered(std::uint32_t begun_in, TimePoint now) {
  if (begun_in != stay_) return;
  packet_failures_ = 0;
  if (state_ == State::testing) enter(State::healthy, now);
}

void OutsideHealth::packet_failed(std::uint32_t begun_in, TimePoint now) {
  if (begun_in == stay_) count(packet_failures_, now);
}

void OutsideHealth::probe_passed(std::uint32_t begun_in) {
  if (begun_in == stay_) probe_failures_ = 0;
}

void OutsideHealth::probe_failed(std::uint32_t begun_in, TimePoint now) {
  if (begun_in == stay_) count(probe_failures_, now);
}

void OutsideHealth::count(std::uint32_t& failures, TimePoint now) {
  if (state_ == State::failed) return;
  ++failures;
  const bool enough = packet_failures_ + probe_failures_ >= promised_->failure_threshold;
  if (state_ == State::testing || enough) enter(State::failed, now);
}

void OutsideHealth::enter(State state, TimePoint now) {
  state_ = state;
  since_ = now;
  ++stay_;
  if (state == State::healthy) times_failed_ = 0;
  if (state == State::failed) {
    ++times_failed_;
  } else {
    packet_failures_ = probe_failures_ = 0;
  }
}

/// Doubled each time, up to the longest.
Duration OutsideHealth::back_off(double spread) const {
  double seconds = to_seconds(promised_->backoff_initial);
  for (std::uint32_t time = 1; time < times_failed_; ++time) seconds *= promised_->backoff_multiplier;
  seconds = std::min(seconds, to_seconds(promised_->backoff_max));
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds * spread));
}

}  // namespace logdist::sim
