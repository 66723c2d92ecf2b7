// What the load balancer keeps of each analyzer and each loop, and what its parts do with it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "dispatch/waiting_packets.hpp"
#include "logdist/balance/groups/balancer_groups.hpp"
#include "logdist/base/mutex.hpp"
#include "logdist/base/random.hpp"
#include "logdist/dispatch/load_balancer.hpp"

namespace logdist::dispatch {

inline constexpr LoopId no_loop = ~LoopId{0};

struct LoadBalancer::State {
  /// What one answer has asked for.
  struct Pause {
    std::uint64_t serial = 0;
    TimePoint begun{};
    TimePoint until{};
  };

  struct Analyzer {
    std::unique_ptr<health::Monitor> monitor;
    std::uint64_t weight_units = 0;
    std::uint32_t max_in_flight = 0;
    std::uint32_t capacity = 0;
    std::uint32_t connections = 0;                    ///< at most; 0: not known
    std::uint32_t slots = 0;                          ///< as the selector knows them: the smaller of both, ramped
    std::uint32_t suspects = 0;                       ///< suspect packets in flight there
    std::uint64_t delivered = 0;                      ///< packets it has taken
    TimePoint delivered_at{};                         ///< the last of them
    boost::container::small_vector<Pause, 2> pauses;  ///< that are not over
    TimePoint paused_until{};                         ///< the latest end of them; in the past: not paused
    std::uint64_t last_pause = 0;                     ///< serial
    std::uint32_t unnamed_pauses = 0;                 ///< without a time named, one after the other
    std::uint32_t unheard_pauses = 0;                 ///< asked for since it last took a packet, that did not count
    std::uint64_t failures = 0;
    std::uint64_t ejections = 0;
    core::Failure last_failure;                         ///< of a packet
    PauseNotice unseen_pauses;                          ///< by who writes the log
    health::State seen_state = health::State::healthy;  ///< as of the last refresh
    bool seen_paused = false;
    bool seen_all_out = false;  ///< nobody in service takes a format that it takes
    bool drained = false;
    bool ejected = false;  ///< and not Healthy since
    bool in_service = true;
    bool removed = false;      ///< for good; kept for what is under way there
    bool fresh_waits = false;  ///< a packet, on any loop, that is not suspect and may go there; see note_fresh_waits()
  };

  struct Loop {
    WaitingPackets fresh;                  ///< those that are not suspect and found no slot
    WaitingPackets suspects;               ///< the suspect ones
    std::uint64_t blocked_at_version = 0;  ///< capacity_version then; 0: nothing is blocked
    TimePoint retry_since = never;         ///< when the oldest retry was admitted that waits for max_retries
    bool wake_pending = false;             ///< woken, its turn not yet begun
    std::vector<AnalyzerId> recalls;
  };

  /// Whom to wake once the lock is released.
  struct WakeList {
    boost::container::small_vector<LoopId, 8> loops;
    bool control = false;
  };

  State(const LoadBalancerOptions& options, std::span<const AnalyzerSpec> specs, std::size_t loop_count,
        WakeupListener& wakeups, TimePoint now);

  AnalyzerId enter(const AnalyzerSpec& spec, TimePoint now, std::optional<AnalyzerId> reused = {})
      LOGDIST_REQUIRES(mutex);
  Analyzer& present(AnalyzerId id) LOGDIST_REQUIRES(mutex);
  /// Brings the selector's picture of one analyzer up to date with its monitor and
  /// its pause. `failure` is what may have moved the monitor.
  void refresh(AnalyzerId id, TimePoint now, const core::Failure& failure = {}) LOGDIST_REQUIRES(mutex);
  /// `before` is who has asked for a pause because of the same packet. The serial of the pause that counts now.
  std::uint64_t pause(AnalyzerId id, const core::AttemptResult& result, std::span<const retry::AskedPause> before,
                      TimePoint now) LOGDIST_REQUIRES(mutex);
  /// The packet that it asked for this pause for was answered so by another analyzer, too.
  void doubt(const retry::AskedPause& asked, TimePoint now) LOGDIST_REQUIRES(mutex);
  bool may_be_tested(AnalyzerId id, TimePoint now) const LOGDIST_REQUIRES(mutex);
  /// The analyzer that is to get the next packet to test it, in the configured order: an eligible one, or any; of
  /// another loop's packets that may test it, none was admitted before `admitted_at`.
  std::optional<AnalyzerId> wanted_trial(const std::optional<Eligibility>& eligible, TimePoint now,
                                         TimePoint admitted_at = TimePoint::min()) const LOGDIST_REQUIRES(mutex);
  /// Without a probe to decide, a suspect may test an analyzer, too, for which no other waits.
  std::optional<AnalyzerId> wanted_suspect_trial(const Eligibility& eligible, TimePoint now) const
      LOGDIST_REQUIRES(mutex);
  bool may_get(AnalyzerId analyzer, const Eligibility& eligible) const LOGDIST_REQUIRES(mutex);
  /// One has entered service or left it. Where a format has none left, the Failed ones that take it are probed, too.
  void service_changed(AnalyzerId id) LOGDIST_REQUIRES(mutex);
  /// Takes those out of service that do much worse than the others.
  void eject_outliers(TimePoint now) LOGDIST_REQUIRES(mutex);
  /// Brings Analyzer::fresh_waits up to date.
  void note_fresh_waits() LOGDIST_REQUIRES(mutex);
  /// Brings `fresh_elsewhere` and `suspects_elsewhere` up to date, for a turn of `loop`.
  void look_elsewhere(LoopId loop) LOGDIST_REQUIRES(mutex);
  /// Whether one more may go to `id`, as far as their number is concerned.
  bool suspect_fits(AnalyzerId id, bool within_share) const LOGDIST_REQUIRES(mutex);
  /// Whether `id` is in service with a free slot.
  bool has_room(AnalyzerId id) const LOGDIST_REQUIRES(mutex);
  /// Whether it is to be tested with the next packet, or by the word of its probe.
  bool awaits_test(AnalyzerId id, TimePoint now) const LOGDIST_REQUIRES(mutex);
  TimePoint earliest_event(TimePoint now) const LOGDIST_REQUIRES(mutex);
  /// Loops with something to recall are woken in any case; of those that wait for a
  /// slot only the one with the oldest packet, which wakes the next in its turn.
  void plan_wakes(LoopId current, TimePoint now, WakeList& wakeups) LOGDIST_REQUIRES(mutex);
  /// The loop, other than `current`, with the oldest retry that waits for max_retries; `no_loop`: there is none.
  LoopId next_to_retry(LoopId current) const LOGDIST_REQUIRES(mutex);
  /// The loop, other than `current`, with the oldest packet that could be placed; `no_loop`: there is none.
  LoopId next_to_place(LoopId current, TimePoint now) LOGDIST_REQUIRES(mutex);
  /// Whether it has packets that found no slot, and one may have become free since.
  bool awaits_slot(const Loop& loop) const LOGDIST_REQUIRES(mutex) {
    return loop.blocked_at_version != 0 && loop.blocked_at_version < capacity_version;
  }
  /// Once the lock is released.
  void send_wakes(const WakeList& wakeups);

  const LoadBalancerOptions options;
  WakeupListener& listener;

  Mutex mutex;
  Random random LOGDIST_GUARDED_BY(mutex);
  balance::BalancerGroups selector LOGDIST_GUARDED_BY(mutex);
  health::OutlierDetector outliers LOGDIST_GUARDED_BY(mutex);
  retry::RetryBudget retries LOGDIST_GUARDED_BY(mutex);
  std::vector<Analyzer> analyzers LOGDIST_GUARDED_BY(mutex);  ///< by id
  std::vector<Loop> loops LOGDIST_GUARDED_BY(mutex);
  // What waits on the other loops, in a turn that places packets: see look_elsewhere().
  WaitingPackets fresh_elsewhere LOGDIST_GUARDED_BY(mutex);
  WaitingPackets suspects_elsewhere LOGDIST_GUARDED_BY(mutex);
  std::vector<StateChange> state_changes LOGDIST_GUARDED_BY(mutex);
  /// Analyzers in Testing, so that the hot path need not look.
  std::size_t testing_count LOGDIST_GUARDED_BY(mutex) = 0;
  /// Grows when an analyzer leaves service, or is removed.
  std::uint64_t service_version LOGDIST_GUARDED_BY(mutex) = 1;
  /// Snapshots of the balance taken.
  std::uint64_t balance_version LOGDIST_GUARDED_BY(mutex) = 0;
  /// Grows whenever a slot may have become free.
  std::uint64_t capacity_version LOGDIST_GUARDED_BY(mutex) = 2;
  /// As of the last tick(); the first is due at once.
  TimePoint next_event LOGDIST_GUARDED_BY(mutex){};
  bool control_due LOGDIST_GUARDED_BY(mutex) = false;
};

}  // namespace logdist::dispatch
