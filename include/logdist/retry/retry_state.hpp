// The retry state of one packet: which analyzers it has asked in this round,
// who refused it, when to try again, when to give up.
//
// Sans-I/O: results in, decisions out. Not thread-safe: belongs to its packet.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include <boost/container/small_vector.hpp>

#include "logdist/base/ids.hpp"
#include "logdist/base/outcome.hpp"
#include "logdist/base/random.hpp"
#include "logdist/base/time.hpp"

namespace logdist::retry {

/// Wait between rounds, and how many answered rounds make a packet poison.
struct RetryPolicy {
  Duration initial{};
  Duration max{};
  double multiplier = 2;
  double jitter = 0.2;
  std::uint32_t max_rounds = 10;
};

/// What is to be done with the packet after a result.
enum class RetryAction : std::uint8_t {
  done,         ///< delivered
  other,        ///< ask another analyzer outside excluded() at once; when none in service is left, end_round()
  again,        ///< the attempt said nothing (unsent): pick again, nothing excluded for it
  dead_letter,  ///< refused twice
};

/// One packet's way. A round ends when every analyzer in service was asked.
class RetryState {
 public:
  /// Back to the start, for a recycled packet. Keeps its memory.
  void reset();

  /// Analyzers not to be picked now: asked in this round, or refused the packet.
  std::span<const AnalyzerId> excluded() const { return excluded_; }
  /// Whether one analyzer has refused the packet, and a second is to be asked.
  bool refused_once() const { return refused_; }

  /// Takes the result of an attempt at `analyzer`; `status` is the HTTP status,
  /// 0 when there was none.
  RetryAction on_result(AnalyzerId analyzer, Outcome outcome, unsigned status);

  /// The round is over. How long to wait before the next, with jitter; none when
  /// there is to be none: in `max_rounds` rounds all who were asked answered 5xx
  /// (poison), or for so many rounds no second analyzer could be heard about a
  /// packet that one has refused.
  std::optional<Duration> end_round(const RetryPolicy& policy, Random& random);

  /// Attempts begun and heard of so far, `unsent` ones not counted.
  std::uint32_t attempts() const { return attempts_; }
  /// Whether an attempt ended so that the analyzer may have taken the packet.
  bool may_be_duplicate() const { return may_be_duplicate_; }

 private:
  boost::container::small_vector<AnalyzerId, 4> excluded_;  ///< the one that refused first, then those of this round
  std::uint32_t attempts_ = 0;
  std::uint32_t rounds_ = 0;           ///< ended, for the back-off
  std::uint32_t rounds_answered_ = 0;  ///< ended with 5xx from all who were asked
  std::uint32_t rounds_since_refusal_ = 0;
  bool refused_ = false;
  bool round_answered_ = true;  ///< so far all of this round answered 5xx
  bool may_be_duplicate_ = false;
};

}  // namespace logdist::retry
