// Health of one analyzer: Healthy → Failed → Testing → Healthy.
//
// Sans-I/O state machine: events and `now` in, decisions out. Not thread-safe:
// the caller serialises.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "logdist/base/backoff.hpp"
#include "logdist/base/random.hpp"
#include "logdist/base/time.hpp"

namespace logdist::health {

enum class State : std::uint8_t { healthy, failed, testing };

/// "healthy", "failed", "testing": metric labels and /v1/status.
const char* to_string(State state);

struct MonitorOptions {
  bool probing = true;  ///< false when the probe's path is empty
  Duration interval{};
  std::uint32_t failure_threshold = 3;
  Duration backoff_initial{};
  Duration backoff_max{};
  double backoff_multiplier = 2;
  double backoff_jitter = 0.2;
  Duration slow_start{};
  Duration answer_within{};  ///< a living analyzer answers within so long; see Monitor, failure streak
};

/// Least time between two tests of an analyzer that packets have failed, while no analyzer is in service. Each test
/// needs a packet, and when the packets are bad, a run of them has to pass before a good one can show that all is well.
inline constexpr Duration retest_pause = std::chrono::milliseconds(20);

enum class ProbeResult : std::uint8_t {
  passed,   ///< 2xx
  missing,  ///< 404, 405 or 501: passes, the path is not there
  failed,   ///< anything else, silence included
};

/// Names the state an attempt or probe was begun in, and the failure streak that it came after. A result of an earlier
/// state is ignored: it tells nothing of the present one.
using Epoch = std::uint32_t;

/// One analyzer's health. Starts Healthy, with full ramp.
///
/// What a packet says of it depends on the packet: one that has failed before is
/// suspect, and the caller reports its failure as on_suspect_failure(). So a
/// failure streak is evidence of different packets.
///
/// The back-off doubles with each Testing that fails and starts over with the first packet that is taken. `now` need
/// not be the same clock reading for all callers: loops that share a monitor may be a little apart.
///
/// Failure streak: packets and probes count together towards the threshold; a
/// success erases the failures of its own kind only, so passing probes do not
/// hide failing packets, nor the reverse. A streak that packets have made long
/// enough takes a Healthy one out once none of the attempts is under way any more
/// that were when its first failure became known, or after `answer_within` from
/// the beginning of that failed attempt: where bad packets fail at once, good ones sent together
/// with them may still be answered. It does not wait either when three quarters of those, and of
/// all that were begun since, have failed: who answers now and then is not well.
/// An attempt that fails late is older news than one begun after it that was taken: it is not part of a streak.
class Monitor {
 public:
  /// `random` spreads the back-off and must outlive the monitor. Epochs begin with `first`.
  Monitor(const MonitorOptions& options, Random& random, TimePoint now, Epoch first = 0);

  State state() const { return state_; }
  Epoch epoch() const { return epoch_; }
  /// Whether it names the present state.
  bool is_present(Epoch epoch) const { return epoch - state_epoch_ <= epoch_ - state_epoch_; }

  /// Moves by the clock: Failed becomes Testing when its back-off is over, Healthy
  /// Failed when a failure streak has waited long enough, and after a refused trial
  /// another may be wanted.
  void tick(TimePoint now);

  /// Whether no analyzer at all is in service. While that is so a Failed one is
  /// probed, too, and becomes Testing as soon as a probe passes, whatever its
  /// back-off: the next packet may go there at once.
  void set_all_out(bool all_out);

  /// When tick() or probe_due() next has something to say; `never` if it has not.
  TimePoint next_event() const;

  /// End of the back-off while Failed; else `never`.
  TimePoint testing_at() const { return state_ == State::failed ? testing_at_ : never; }

  /// Whether a probe is due now: at once on entering Testing, at the interval
  /// while Healthy, while Testing waits for its packet, and while Failed with all
  /// others out of service, too; then the first one comes at once, but not within
  /// the initial back-off of the last one that failed, or `retest_pause` of one that passed. The first one while
  /// Healthy comes after a random part of the interval, so that analyzers are not
  /// probed in step. The caller then begins one and calls probe_begun().
  bool probe_due(TimePoint now) const;
  void probe_begun(TimePoint now);
  void on_probe(ProbeResult result, Epoch epoch, TimePoint now);

  /// In Testing with the probe passed (or none configured) and no trial under
  /// way: the next packet that has not failed yet goes there. The caller then
  /// calls trial_begun().
  bool wants_trial() const;
  /// The same for a suspect packet, when no other waits: only without a probe to
  /// decide, and after one has failed not before a back-off of its own.
  bool wants_suspect_trial() const;
  void trial_begun();
  /// Only suspect packets wait: in Testing a passed probe alone makes it Healthy. But one
  /// that has failed again since, without having taken a packet, is distrusted() until its back-off is over.
  void trust_probe(TimePoint now);
  bool distrusted() const { return distrusted_until_ != TimePoint::min(); }
  /// The trial ended without saying anything of the analyzer (never sent, or
  /// paused by it): another is wanted.
  void trial_void(Epoch epoch);
  /// It refused the packet, which is the packet's fault and says nothing either.
  /// But who refuses whatever comes would be tried with every packet: the next
  /// trial is wanted after a back-off of its own, doubled from one to the next.
  void trial_refused(Epoch epoch, TimePoint now);

  /// It does so much worse than others that it is better left out: if it is Healthy, it is Failed for `length`. Says
  /// nothing of the back-off of later failures.
  void eject(Duration length, TimePoint now);

  /// While Healthy: a packet that has not failed yet is sent there. Its attempt's
  /// end, however it ended, is told by attempt_ended() after the verdict, if it
  /// has one. The epoch it was begun in.
  Epoch attempt_begun();
  void attempt_ended(Epoch epoch, TimePoint now);

  /// A packet was delivered there, or its first failed attempt was there; it took
  /// `lasted`.
  void on_success(Epoch epoch, TimePoint now, Duration lasted = {});
  void on_failure(Epoch epoch, TimePoint now, Duration lasted = {});
  /// A packet failed there that has failed before: says nothing of the analyzer.
  void on_suspect_failure(Epoch epoch, TimePoint now);

  /// `slots` under the slow start's ramp at `now`: linear from 1 to `slots`
  /// within the slow start after a recovery, `slots` else.
  std::uint32_t ramped(std::uint32_t slots, TimePoint now) const;
  /// It was kept out for another reason than its health and comes back: the ramp
  /// begins again, if it is Healthy.
  void begin_slow_start(TimePoint now);
  /// Whether the ramp is still below full.
  bool ramping(TimePoint now) const;

 private:
  /// `probe_pause`: from the last probe to the next.
  void enter_failed(Duration probe_pause, TimePoint now);
  void enter_testing(TimePoint now);
  void enter_healthy(TimePoint now);
  bool streak_is_full() const { return packet_failures_ + probe_failures_ >= options_.failure_threshold; }
  void judge_packets(TimePoint now);
  void enter(State state);
  Duration pause_after_packet() const { return std::min(retest_pause, options_.backoff_initial); }
  TimePoint first_probe_at(TimePoint now);

  // Constant after construction.
  const MonitorOptions options_;
  const Backoff backoff_;
  Random& random_;

  State state_ = State::healthy;
  Epoch epoch_ = 0;        ///< grows with each state and each failure streak of packets
  Epoch state_epoch_ = 0;  ///< with which this state began
  std::uint32_t packet_failures_ = 0;
  std::uint32_t probe_failures_ = 0;
  std::uint32_t under_way_ = 0;  ///< attempts begun in this stay in Healthy
  std::uint32_t elders_ = 0;     ///< of those: begun before the first of packet_failures_ was known
  std::uint32_t seen_ = 0;       ///< attempts under way then, and begun since
  TimePoint streak_ends_at_ =
      never;  ///< of packet_failures_: their elders are not awaited longer; never: there are none
  TimePoint taken_begun_at_ = TimePoint::min();    ///< in this stay: the latest begin of an attempt that was taken
  std::uint32_t failed_tests_ = 0;                 ///< since it took a packet, for the back-off
  TimePoint testing_at_ = never;                   ///< end of the back-off
  bool unproven_ = false;                          ///< made Healthy by a probe alone, and has taken no packet since
  TimePoint distrusted_until_ = TimePoint::min();  ///< min: it is trusted
  TimePoint probe_at_ = never;                     ///< when the next probe is due
  TimePoint probed_at_ = TimePoint::min();         ///< the last one was begun
  TimePoint ramp_ends_at_ = TimePoint::min();
  bool probe_passed_ = false;  ///< of this Testing
  bool probe_under_way_ = false;
  bool trial_under_way_ = false;
  std::uint32_t refused_trials_ = 0;  ///< of this Testing
  TimePoint trial_at_ = never;        ///< after a refused one: when the next is wanted; else never
  std::uint32_t suspect_trials_ = 0;  ///< of this Testing: that failed
  TimePoint suspect_at_ = never;      ///< after a failed one: when the next suspect may be tried; else never
  bool all_out_ = false;
};

}  // namespace logdist::health
