// How fast one analyzer answers.
#pragma once

#include "logdist/base/time.hpp"

namespace logdist::sink {

/// The smoothed time a connection takes for one answer while it has requests
/// under way. Answers that arrive together share the time, so it says how many
/// a second a connection brings, and a slow turn of our own loop spoils it little.
/// Nor is our own turn in the times that its pool gives it (net::Poller::last_poll_time()):
/// a loop that is slow itself would else take its analyzers for slow, open more
/// connections, write to each of them, and be slower still.
/// Sans-I/O; confined to its pool.
class LatencyEwma {
 public:
  /// Up to this an analyzer is fast: pipelining serves it better than more connections.
  static constexpr Duration fast_answer_max = std::chrono::milliseconds(2);
  /// A silence as long as this is slow whatever the answers before it were.
  static constexpr Duration silence_max = std::chrono::milliseconds(20);

  /// Something is under way again.
  void begin(TimePoint now) {
    heard_ = now;
    waiting_ = true;
  }
  /// Nothing is under way any more.
  void end() { waiting_ = false; }
  /// An answer, `took` after the one before it or after its request was sent.
  void on_answer(Duration took, TimePoint now) {
    answer_time_ = known_ ? answer_time_ + (took - answer_time_) / smoothing : took;
    known_ = true;
    heard_ = now;
  }

  /// Whether more connections help. Unknown counts as fast until a silence.
  bool is_slow(TimePoint now) const {
    return answer_time_ > fast_answer_max || (waiting_ && now - heard_ > silence_max);
  }
  /// Zero until known.
  Duration answer_time() const { return answer_time_; }

 private:
  static constexpr int smoothing = 8;  ///< a new answer weighs an eighth

  Duration answer_time_{};
  TimePoint heard_{};
  bool known_ = false;
  bool waiting_ = false;
};

}  // namespace logdist::sink
