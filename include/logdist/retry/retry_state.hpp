// The retry state of one packet: which analyzers it has asked in this round,
// who refused it, whether it is to blame, when to try again, when to give up.
//
// A failure says something of the analyzer or of the packet. Whose it is shows
// when the packet is asked for again: one that fails at analyzers which take
// others meanwhile is poison, whatever the way it fails; while they take nothing,
// an outage is the reason, and the packet is tried for as long as it takes.
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
#include "logdist/core/attempt.hpp"

namespace logdist::retry {

/// Wait between rounds, and how many rounds that count make a packet poison.
struct RetryPolicy {
  Duration initial{};
  Duration max{};
  double multiplier = 2;
  double jitter = 0.2;
  std::uint32_t max_rounds = 10;
};

/// What an analyzer has taken until a moment.
struct Taken {
  std::uint64_t packets = 0;  ///< delivered there, all told
  bool lately = false;        ///< one of them within the last health.interval
  std::uint64_t pause = 0;    ///< the serial of the pause that it asks for with this answer
};

/// A pause that an analyzer has asked for when it was sent the packet: its last.
struct AskedPause {
  AnalyzerId analyzer = 0;
  std::uint64_t serial = 0;  ///< among all that analyzer's
  std::uint64_t taken = 0;   ///< packets, by then
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
  /// The only analyzer that it may go to, and waits for; none: any.
  std::optional<AnalyzerId> only() const { return only_; }
  void set_only(AnalyzerId analyzer) { only_ = analyzer; }
  /// Whether one analyzer has refused the packet, and a second is to be asked.
  bool refused_once() const { return refused_; }
  /// Whether it has failed before. Its failures say nothing of an analyzer's health.
  bool suspect() const { return suspect_; }
  /// Whether it is to have a connection for itself: it is suspect, or was under way
  /// behind the front of a connection that broke, and may be what broke it.
  bool alone() const { return alone_; }
  /// Whether an analyzer has answered about it, whatever it was.
  bool answered() const { return answered_; }

  /// By whom a pause was asked for because of it: at most one an analyzer.
  std::span<const AskedPause> asked_pauses() const { return asked_pauses_; }

  /// Takes the result of an attempt at `analyzer`, which has `taken` so much until
  /// now. A failure that does not count for health is not the packet's either.
  RetryAction on_result(AnalyzerId analyzer, const core::AttemptResult& result, const Taken& taken);

  /// The round is over. How long to wait before the next, with jitter; none when
  /// there is to be none: `max_rounds` rounds have counted (poison), or for so many
  /// rounds no second analyzer could be heard about a packet that one has refused.
  ///
  /// A round counts when the packet failed in it, and each analyzer at which it did
  /// has taken another packet since it failed this one the round before, or, the
  /// first time, lately.
  std::optional<Duration> end_round(const RetryPolicy& policy, Random& random);

  /// `analyzer` is gone: as if it had never been asked, nor refused the packet.
  void forget(AnalyzerId analyzer);

  /// Attempts begun and heard of so far, `unsent` ones not counted.
  std::uint32_t attempts() const { return attempts_; }
  /// Whether an attempt ended so that the analyzer may have taken the packet.
  bool may_be_duplicate() const { return may_be_duplicate_; }

 private:
  /// At one analyzer, and how many it had taken by then.
  struct Failed {
    AnalyzerId analyzer = 0;
    std::uint64_t taken = 0;
  };
  using Failures = boost::container::small_vector<Failed, 3>;

  bool takes_others(AnalyzerId analyzer, const Taken& taken) const;
  void note_pause(AnalyzerId analyzer, const Taken& taken);

  boost::container::small_vector<AnalyzerId, 4> excluded_;  ///< the one that refused first, then those of this round
  Failures failed_before_;                                  ///< in the last round that failed: at most one an analyzer
  Failures failed_now_;                                     ///< in this round
  boost::container::small_vector<AskedPause, 2> asked_pauses_;
  std::optional<AnalyzerId> only_;
  std::uint32_t attempts_ = 0;
  std::uint32_t rounds_ = 0;          ///< ended, for the back-off
  std::uint32_t rounds_counted_ = 0;  ///< towards max_rounds
  std::uint32_t rounds_since_refusal_ = 0;
  bool refused_ = false;
  bool suspect_ = false;
  bool alone_ = false;
  bool answered_ = false;
  bool round_counts_ = true;  ///< so far
  bool may_be_duplicate_ = false;
};

}  // namespace logdist::retry
