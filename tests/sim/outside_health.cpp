#include "tests/sim/outside_health.hpp"

#include <algorithm>

namespace logdist::sim {

using health::State;

std::uint64_t OutsideHealth::packet_sent() {
  under_way_.insert(++last_ticket_);
  return last_ticket_;
}

void OutsideHealth::packet_over(std::uint32_t begun_in, std::uint64_t ticket, TimePoint now) {
  if (begun_in != stay_) return;
  under_way_.erase(ticket);
  judge_packets(now);
}

void OutsideHealth::packet_delivered(std::uint32_t begun_in, TimePoint begun_at, TimePoint now) {
  if (begun_in != stay_) return;
  packet_failures_ = 0;
  times_failed_ = 0;
  unproven_ = false;
  distrusted_until_ = {};
  if (state_ == State::testing) enter(State::healthy, now);
  last_taken_begun_ = std::max(last_taken_begun_, begun_at);
}

void OutsideHealth::packet_failed(std::uint32_t begun_in, TimePoint begun_at, TimePoint now) {
  if (begun_in != stay_ || state_ == State::failed) return;
  if (state_ == State::testing) return enter(State::failed, now);
  // Another that was sent later has been taken since.
  if (begun_at < last_taken_begun_) return;
  if (packet_failures_++ > 0) return;
  first_failed_after_ = last_ticket_;
  others_then_ = under_way_.size();
  first_failed_begun_ = begun_at;
}

TimePoint OutsideHealth::waits_until() const {
  const bool waits = state_ == State::healthy && packet_failures_ > 0 && enough();
  return waits ? first_failed_begun_ + promised_->answer_within : never;
}

/// A good packet may still be answered that was sent before the first failure was known.
void OutsideHealth::judge_packets(TimePoint now) {
  if (state_ != State::healthy || packet_failures_ == 0 || !enough()) return;
  const bool awaited = !under_way_.empty() && *under_way_.begin() <= first_failed_after_;
  const std::uint64_t seen = others_then_ + (last_ticket_ - first_failed_after_);
  const bool most_failed = packet_failures_ * std::uint64_t{4} >= seen * 3;
  if (!awaited || most_failed || now >= waits_until()) enter(State::failed, now);
}

void OutsideHealth::probe_passed(std::uint32_t begun_in) {
  if (begun_in == stay_) probe_failures_ = 0;
}

void OutsideHealth::probe_failed(std::uint32_t begun_in, TimePoint now) {
  if (begun_in != stay_ || state_ == State::failed) return;
  ++probe_failures_;
  if (state_ == State::testing || enough()) enter(State::failed, now);
}

void OutsideHealth::ejected(TimePoint now, Duration at_least, Duration at_most) {
  enter(State::failed, now);
  --times_failed_;
  is_ejected_ = true;
  ejected_at_least_ = at_least;
  ejected_at_most_ = at_most;
  if (unproven_) distrusted_until_ = test_not_before();
}

void OutsideHealth::enter(State state, TimePoint now) {
  is_ejected_ = false;
  state_ = state;
  since_ = now;
  ++stay_;
  under_way_.clear();
  last_taken_begun_ = TimePoint::min();
  if (state == State::failed) {
    ++times_failed_;
    if (unproven_) distrusted_until_ = test_not_before();
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
