#include <algorithm>

#include "logdist/base/check.hpp"
#include "logdist/health/health.hpp"

namespace logdist::health {

const char* to_string(State state) {
  switch (state) {
    case State::healthy: return "healthy";
    case State::failed: return "failed";
    case State::testing: return "testing";
  }
  check_failed("a known value", __FILE__, __LINE__);
}

Monitor::Monitor(const MonitorOptions& options, Random& random, TimePoint now, Epoch first)
    : options_(options),
      backoff_{options.backoff_initial, options.backoff_max, options.backoff_multiplier, options.backoff_jitter},
      random_(random),
      epoch_(first),
      state_epoch_(first),
      probe_at_(first_probe_at(now)) {}

void Monitor::tick(TimePoint now) {
  if (state_ == State::failed && now >= testing_at_) enter_testing(now);
  judge_packets(now);
  if (now >= trial_at_) trial_at_ = never;
  if (now >= suspect_at_) suspect_at_ = never;
  if (now >= distrusted_until_) distrusted_until_ = TimePoint::min();
}

void Monitor::set_all_out(bool all_out) { all_out_ = all_out; }

TimePoint Monitor::next_event() const {
  const TimePoint probe_at = probe_under_way_ ? never : probe_at_;
  if (state_ == State::failed) return all_out_ ? std::min(testing_at_, probe_at) : testing_at_;
  const TimePoint streak_ends_at = streak_is_full() ? streak_ends_at_ : never;
  const TimePoint trusted_at = distrusted() && state_ == State::testing ? distrusted_until_ : never;
  return std::min({trial_at_, suspect_at_, probe_at, streak_ends_at, trusted_at});
}

bool Monitor::probe_due(TimePoint now) const {
  const bool probed = options_.probing && (state_ != State::failed || all_out_);
  return probed && !probe_under_way_ && now >= probe_at_;
}

void Monitor::probe_begun(TimePoint now) {
  probe_under_way_ = true;
  probed_at_ = now;
  probe_at_ = now + options_.interval;
}

void Monitor::on_probe(ProbeResult result, Epoch epoch, TimePoint now) {
  if (!is_present(epoch)) return;
  probe_under_way_ = false;
  if (state_ == State::failed) {
    if (result == ProbeResult::failed || !all_out_) return;
    enter_testing(now);
    probe_passed_ = true;
    probe_at_ = probed_at_ + options_.interval;
    return;
  }
  if (result == ProbeResult::failed) {
    ++probe_failures_;
    const Duration pause = std::min(options_.interval, options_.backoff_initial);
    if (state_ == State::testing || streak_is_full()) enter_failed(pause, now);
    return;
  }
  probe_failures_ = 0;
  probe_passed_ = true;
}

bool Monitor::wants_trial() const {
  return state_ == State::testing && probe_passed_ && !trial_under_way_ && trial_at_ == never;
}

bool Monitor::wants_suspect_trial() const { return wants_trial() && !options_.probing && suspect_at_ == never; }

void Monitor::trust_probe(TimePoint now) {
  if (!options_.probing || !wants_trial() || now < distrusted_until_) return;
  enter_healthy(now);
  unproven_ = true;
}

void Monitor::trial_begun() { trial_under_way_ = true; }

void Monitor::trial_void(Epoch epoch) {
  if (is_present(epoch)) trial_under_way_ = false;
}

void Monitor::trial_refused(Epoch epoch, TimePoint now) {
  if (!is_present(epoch) || !trial_under_way_) return;
  trial_under_way_ = false;
  trial_at_ = now + backoff_.wait(refused_trials_++, random_);
}

void Monitor::eject(Duration length, TimePoint now) {
  if (state_ != State::healthy) return;
  const std::uint32_t failed_tests = failed_tests_;
  enter_failed(std::min(options_.interval, options_.backoff_initial), now);
  failed_tests_ = failed_tests;
  testing_at_ = now + length;
  if (unproven_) distrusted_until_ = testing_at_;
}

Epoch Monitor::attempt_begun() {
  ++under_way_;
  ++seen_;
  return epoch_;
}

void Monitor::attempt_ended(Epoch epoch, TimePoint now) {
  if (state_ != State::healthy || !is_present(epoch)) return;
  --under_way_;
  if (epoch != epoch_ && elders_ > 0) --elders_;
  judge_packets(now);
}

void Monitor::on_success(Epoch epoch, TimePoint now, Duration lasted) {
  if (!is_present(epoch)) return;
  if (state_ == State::testing) enter_healthy(now);
  failed_tests_ = 0;
  unproven_ = false;
  distrusted_until_ = TimePoint::min();
  taken_begun_at_ = std::max(taken_begun_at_, now - lasted);
  packet_failures_ = 0;
  elders_ = 0;
  streak_ends_at_ = never;
}

void Monitor::on_failure(Epoch epoch, TimePoint now, Duration lasted) {
  if (!is_present(epoch) || state_ == State::failed) return;
  if (state_ == State::testing) return enter_failed(pause_after_packet(), now);
  if (now - lasted < taken_begun_at_) return;
  if (packet_failures_++ == 0) {
    ++epoch_;
    elders_ = under_way_;
    seen_ = under_way_;
    streak_ends_at_ = now - lasted + options_.answer_within;
  }
  judge_packets(now);
}

void Monitor::on_suspect_failure(Epoch epoch, TimePoint now) {
  if (!is_present(epoch) || !trial_under_way_) return;
  trial_under_way_ = false;
  suspect_at_ = now + backoff_.wait(suspect_trials_++, random_);
}

std::uint32_t Monitor::ramped(std::uint32_t slots, TimePoint now) const {
  if (slots <= 1 || !ramping(now)) return slots;
  const double left = to_seconds(ramp_ends_at_ - now) / to_seconds(options_.slow_start);
  const double share = std::clamp(1 - left, 0.0, 1.0);
  return 1 + static_cast<std::uint32_t>(static_cast<double>(slots - 1) * share);
}

void Monitor::begin_slow_start(TimePoint now) {
  if (state_ == State::healthy) ramp_ends_at_ = now + options_.slow_start;
}

bool Monitor::ramping(TimePoint now) const { return state_ == State::healthy && now < ramp_ends_at_; }

/// Whether packets that failed one after the other take it out.
void Monitor::judge_packets(TimePoint now) {
  if (state_ != State::healthy || packet_failures_ == 0 || !streak_is_full()) return;
  const bool most_failed = std::uint64_t{4} * packet_failures_ >= std::uint64_t{3} * seen_;
  if (elders_ == 0 || most_failed || now >= streak_ends_at_) enter_failed(pause_after_packet(), now);
}

void Monitor::enter(State state) {
  state_ = state;
  state_epoch_ = ++epoch_;
  packet_failures_ = 0;
  probe_failures_ = 0;
  under_way_ = 0;
  elders_ = 0;
  streak_ends_at_ = never;
  taken_begun_at_ = TimePoint::min();
  probe_under_way_ = false;
}

void Monitor::enter_failed(Duration probe_pause, TimePoint now) {
  enter(State::failed);
  trial_at_ = never;
  suspect_at_ = never;
  testing_at_ = now + backoff_.wait(failed_tests_, random_);
  ++failed_tests_;
  if (unproven_) distrusted_until_ = testing_at_;
  if (!options_.probing) return;
  const bool probed = probed_at_ != TimePoint::min();
  probe_at_ = probed ? std::max(now, probed_at_ + probe_pause) : now;
}

void Monitor::enter_testing(TimePoint now) {
  enter(State::testing);
  trial_under_way_ = false;
  refused_trials_ = 0;
  suspect_trials_ = 0;
  probe_passed_ = !options_.probing;
  probe_at_ = options_.probing ? now : never;
}

void Monitor::enter_healthy(TimePoint now) {
  enter(State::healthy);
  trial_at_ = never;
  suspect_at_ = never;
  probe_at_ = first_probe_at(now);
  begin_slow_start(now);
}

TimePoint Monitor::first_probe_at(TimePoint now) {
  if (!options_.probing) return never;
  const double part = random_.uniform(0, 1);
  return now + std::chrono::duration_cast<Duration>(options_.interval * part);
}

}  // namespace logdist::health
