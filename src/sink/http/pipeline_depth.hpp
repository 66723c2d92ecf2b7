// How deep the connections to one analyzer may be pipelined.
#pragma once

#include <cstdint>

#include "logdist/base/time.hpp"

namespace logdist::sink {

/// Learns from an analyzer's answers and breaks whether its connections can be
/// kept and pipelined. Sans-I/O; confined to its pool.
///
/// - A connection that is announced to close with its first answer, or quietly
///   closed right after it several times running, means one request a
///   connection. Now and then one is kept on trial; a second answer on any
///   connection restores trust.
/// - One that has sent a 2xx nobody was left to wait for may have answered others twice, too: one request a
///   connection for an hour, so that no answer is taken for another's.
/// - A break under pipelining lowers the ceiling to 1. It doubles again after
///   so many clean answers; each further break doubles that number.
class PipelineDepth {
 public:
  static constexpr std::uint32_t answers_to_rise_min = 128;
  static constexpr std::uint32_t answers_to_rise_max = 65'536;
  static constexpr std::uint32_t answers_between_trials = 64;
  static constexpr std::uint32_t quick_closes_to_distrust = 3;
  static constexpr Duration surplus_distrust = std::chrono::hours(1);
  static constexpr Duration quick_close = std::chrono::milliseconds(100);

  /// `pipeline` ≥ 1: the highest ceiling.
  explicit PipelineDepth(std::uint32_t pipeline) : pipeline_(pipeline), ceiling_(pipeline) {}

  /// Most requests under way on one connection.
  std::uint32_t ceiling() const { return persistent() ? ceiling_ : 1; }
  /// Whether the analyzer keeps connections, and they are to be kept.
  bool persistent() const { return persistent_ && distrusted_until_ == never; }

  /// A whole answer, the `nth` (from 1) of its connection, which is announced
  /// to stay or to close. Whether to go on using the connection.
  bool on_answer(bool keep_alive, std::uint64_t nth, TimePoint now);
  /// A 2xx came while nothing was asked.
  void on_surplus(TimePoint now) { distrusted_until_ = now + surplus_distrust; }
  /// Broken with an answer missing or unreadable; `pipelined`: more than one request was under way.
  void on_break(bool pipelined);
  /// Closed between answers, `after` the last one, the `nth` of the connection,
  /// with more than one request under way (`pipelined`), one, or none.
  void on_quiet_close(std::uint64_t nth, Duration after, bool pipelined);

 private:
  void rise();

  const std::uint32_t pipeline_;
  std::uint32_t ceiling_;
  std::uint32_t clean_answers_ = 0;  ///< since the ceiling last moved
  std::uint32_t answers_to_rise_ = answers_to_rise_min;
  bool broken_before_ = false;
  bool persistent_ = true;
  TimePoint distrusted_until_ = never;     ///< for a surplus answer; never: it is not
  std::uint32_t quick_closes_ = 0;         ///< running
  std::uint32_t answers_since_trial_ = 0;  ///< while not persistent
};

}  // namespace logdist::sink
