// The health of one analyzer, counted a second time from what was told to its monitor.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>

#include "logdist/base/time.hpp"
#include "logdist/health/health.hpp"

namespace logdist {

/// The state that an analyzer is to be in, by the results that were told of its present state.
class ExpectedState {
 public:
  explicit ExpectedState(const health::MonitorOptions& options) : options_(&options) {}

  health::State state() const { return state_; }
  std::uint32_t stay() const { return stay_; }  ///< grows with each change of state
  void backoff_over() {
    if (state_ == health::State::failed) enter(health::State::testing);
  }
  void sent(std::uint64_t ticket) {
    under_way_.insert(last_ticket_ = ticket);
    ++sent_since_;
  }
  void over(std::uint64_t ticket, TimePoint now) {
    under_way_.erase(ticket);
    judge(now);
  }
  void packet(bool delivered, Duration lasted, TimePoint now) {
    if (delivered) {
      packets_failed_ = 0;
      if (state_ == health::State::testing) enter(health::State::healthy);
      taken_begun_ = std::max(taken_begun_, now - lasted);
    } else if (state_ == health::State::testing) {
      enter(health::State::failed);
    } else if (state_ == health::State::healthy && now - lasted >= taken_begun_) {
      if (packets_failed_++ == 0) {
        elders_until_ = last_ticket_;
        seen_then_ = under_way_.size();
        sent_since_ = 0;
        waits_until_ = now - lasted + options_->answer_within;
      }
      judge(now);
    }
  }
  void trusted() { enter(health::State::healthy); }
  void probe(bool passed, bool all_out) {
    if (state_ == health::State::failed) {
      if (passed && all_out) backoff_over();
    } else if (passed) {
      probes_failed_ = 0;
    } else if (++probes_failed_; state_ == health::State::testing || enough()) {
      enter(health::State::failed);
    }
  }
  /// Packets that failed in a row take it out when no attempt is under way that was before the first of them was known.
  void judge(TimePoint now) {
    if (state_ != health::State::healthy || packets_failed_ == 0 || !enough()) return;
    const bool awaited = !under_way_.empty() && *under_way_.begin() <= elders_until_;
    const bool most_failed = 4.0 * packets_failed_ >= 3.0 * static_cast<double>(seen_then_ + sent_since_);
    if (!awaited || most_failed || now >= waits_until_) enter(health::State::failed);
  }

 private:
  bool enough() const { return packets_failed_ + probes_failed_ >= options_->failure_threshold; }
  void enter(health::State state) {
    state_ = state;
    ++stay_;
    packets_failed_ = 0;
    probes_failed_ = 0;
    under_way_.clear();
    taken_begun_ = {};
  }

  const health::MonitorOptions* options_;
  health::State state_ = health::State::healthy;
  std::uint32_t stay_ = 0;
  std::uint32_t packets_failed_ = 0;  ///< in a row, as the next
  std::uint32_t probes_failed_ = 0;
  std::set<std::uint64_t> under_way_;  ///< tickets, in the order sent
  std::uint64_t last_ticket_ = 0;
  std::uint64_t elders_until_ = 0;
  std::size_t seen_then_ = 0;   ///< under way when the first of packets_failed_ was known
  std::size_t sent_since_ = 0;  ///< and begun since
  TimePoint waits_until_{};
  TimePoint taken_begun_{};  ///< of the packets taken: when the last was sent
};

}  // namespace logdist
