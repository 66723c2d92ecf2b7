// What all loops decide together: which analyzer each packet goes to, and who
// is in service. One for the daemon, asked once a loop turn under one lock.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "logdist/balance/balancer.hpp"
#include "logdist/balance/selector.hpp"
#include "logdist/base/backoff.hpp"
#include "logdist/base/ids.hpp"
#include "logdist/base/mutex.hpp"
#include "logdist/base/outcome.hpp"
#include "logdist/base/time.hpp"
#include "logdist/core/attempt.hpp"
#include "logdist/core/failure.hpp"
#include "logdist/core/protocol.hpp"
#include "logdist/health/health.hpp"
#include "logdist/health/outlier/outlier_detector.hpp"
#include "logdist/retry/budget.hpp"
#include "logdist/retry/retry_state.hpp"

namespace logdist::dispatch {

struct LoadBalancerOptions {
  balance::SelectorOptions balance;
  balance::BalancerFactory make_balancer;  ///< none: balance::Selector, with these options
  health::MonitorOptions health;
  health::OutlierOptions outlier;
  Backoff pause;           ///< of an analyzer that answered 429 and named no time
  double max_retries = 1;  ///< in flight, as a part of the first attempts; see retry::RetryBudget
  std::uint64_t seed = 0;  ///< of the back-offs' jitter
};

/// One analyzer as the load balancer knows it.
struct AnalyzerSpec {
  std::uint64_t weight_units = 0;
  std::uint32_t max_in_flight = 0;                       ///< packets
  std::uint32_t capacity = 0;                            ///< packets its connections take, until told otherwise
  std::uint32_t connections = 0;                         ///< to it, at most, over all loops; 0: not known
  core::ProtocolSet formats = core::ProtocolSet::all();  ///< for others it is not in service
};

/// An analyzer's state, copied coherently for status and metrics.
struct AnalyzerView {
  health::State state = health::State::healthy;
  bool in_service = true;
  bool removed = false;  ///< for good; the rest is what it was then, but for packets still in flight
  bool paused = false;
  bool drained = false;         ///< by an operator
  bool ejected = false;         ///< for doing worse than the others, and not back in service since
  std::uint32_t slots = 0;      ///< bound on packets in flight now, ramp included
  std::uint64_t failures = 0;   ///< that counted towards health, since the start
  std::uint64_t ejections = 0;  ///< likewise
  balance::Account account;
};

/// A change of state, for the log.
struct StateChange {
  AnalyzerId analyzer = 0;
  health::State from = health::State::healthy;
  health::State to = health::State::healthy;
  TimePoint at{};
  core::Failure failure;                                    ///< to Failed: the last one
  TimePoint next_test_at = never;                           ///< to Failed: the end of its back-off
  std::optional<health::Ejection> ejection = std::nullopt;  ///< to Failed: why, if it did not fail by itself
};

/// An analyzer asked to be left alone for a while, for the log.
struct PauseNotice {
  AnalyzerId analyzer = 0;
  std::uint64_t pauses = 0;  ///< since the last notice, at least one; the rest is the last one's
  unsigned status = 0;       ///< 429 or 503
  Duration length{};
};

/// Packets in flight that an analyzer was asked about before.
struct RetryLevel {
  std::uint32_t in_flight = 0;
  std::uint32_t limit = 0;  ///< retry::RetryBudget::unlimited: there is none
};

/// A probe to be made now.
struct ProbeOrder {
  AnalyzerId analyzer = 0;
  health::Epoch epoch = 0;
};

/// Where a packet goes.
struct Placement {
  balance::Charge charge;
  health::Epoch epoch = 0;
  std::uint8_t group = 0;  ///< of the analyzers that share it: belongs to the charge
};

/// Of a packet, what its placing depends on.
struct PacketFacts {
  std::uint32_t messages = 0;
  core::Protocol protocol = core::Protocol::packet;
  TimePoint admitted_at{};
};

/// Which analyzers a packet may go to.
struct Eligibility {
  core::Protocol protocol = core::Protocol::packet;  ///< that they take
  std::span<const AnalyzerId> excluded{};            ///< not these
  std::optional<AnalyzerId> only{};                  ///< none but this one
};

/// What the analyzers are owed at one moment.
struct BalanceSnapshot {
  struct Analyzer {
    balance::Account account;
    bool in_service = true;
    bool removed = false;
  };

  std::vector<Analyzer> analyzers;   ///< by AnalyzerId
  std::uint64_t largest_packet = 0;  ///< messages
  std::uint64_t version = 0;         ///< counts the snapshots, from 1
};

/// How the load balancer reaches the loops. Called from any loop's thread, never
/// under the load balancer's lock; both calls only post.
class WakeupListener {
 public:
  /// The loop has packets that may be placed now, or attempts to recall.
  virtual void wake_loop(LoopId loop) = 0;
  /// next_event() has come nearer, or there are state changes to be logged.
  virtual void wake_control() = 0;

 protected:
  ~WakeupListener() = default;
};

/// Composes the pure parts (balance::Balancer, health::Monitor) and adds what
/// concerns several loops: free slots go to the oldest packet of all loops, loops
/// that wait for one are woken, and packets that have failed before (suspects) hold
/// no more than their share while others wait. Reads no clock and does no I/O: the
/// simulation runs it as it is. Thread-safe.
class LoadBalancer {
 public:
  LoadBalancer(const LoadBalancerOptions& options, std::span<const AnalyzerSpec> analyzers, std::size_t loops,
               WakeupListener& wakeups, TimePoint now);
  ~LoadBalancer();

  class PlacementBatch;
  class UpdateTransaction;

  // Changes of one analyzer; a UpdateTransaction makes several at once.

  /// A new analyzer: Healthy, in service, owed nothing. Ids count up, unless it gets
  /// `reused`, the id of a removed one with no packet in flight; every dispatcher must
  /// have forgotten that. The upstream of every loop must know the new one before.
  AnalyzerId add(const AnalyzerSpec& spec, TimePoint now, std::optional<AnalyzerId> reused = {});
  /// It leaves for good: gets no packet and no probe any more, what it was owed
  /// goes to the others by weight. The loops recall what is unsent there, and what
  /// is under way ends as ever, delivered or tried elsewhere; so the loops'
  /// upstreams forget it after this. There must be others when packets are to be
  /// delivered. Nothing is called for it afterwards but attempts' ends,
  /// probe_ended() and set_capacity().
  void remove(AnalyzerId analyzer, TimePoint now);
  /// From now on credited by the new weight; deficits stay as they are.
  void set_weight(AnalyzerId analyzer, std::uint64_t weight_units);
  /// Its own bound from now on; what is under way may exceed it.
  void set_max_in_flight(AnalyzerId analyzer, std::uint32_t packets, TimePoint now);
  /// Drained: out of service until that is taken back, whatever its health, which
  /// goes on being probed. What is unsent there is recalled, what is under way is
  /// awaited. Back again, it begins with a slow start.
  void set_drained(AnalyzerId analyzer, bool drained, TimePoint now);
  /// The most packets that the analyzer's connections take, over all loops.
  void set_capacity(AnalyzerId analyzer, std::uint32_t packets, TimePoint now);

  /// For the control thread: moves states by the clock, returns the probes due.
  std::vector<ProbeOrder> tick(TimePoint now);
  /// When tick() next has something to do, as of the last tick(): a change that
  /// brings it nearer wakes the control thread, which then calls tick().
  TimePoint next_event() const;
  /// `failure` tells why it failed, if it did.
  void probe_ended(const ProbeOrder& order, health::ProbeResult result, TimePoint now,
                   const core::Failure& failure = {});
  /// State changes since the last call, in order.
  std::vector<StateChange> take_state_changes();
  /// The pauses begun since the last call, one notice an analyzer.
  std::vector<PauseNotice> take_pauses();

  /// By AnalyzerId.
  std::vector<AnalyzerView> views(TimePoint now) const;
  /// Calls `use` with what the analyzers are owed now, under the lock: it must not wait, nor call this. Turns that end
  /// later have its version at least.
  void snapshot(const std::function<void(const BalanceSnapshot&)>& use);
  /// Begins with what they were owed before; see balance::Balancer. Before the first packet, with all in service.
  void restore(std::span<const double> owed, std::uint64_t largest_packet);
  RetryLevel retries() const;
  /// Whether an analyzer is in service.
  bool ready() const;
  /// Whether it is there, in service or not, and takes the protocol.
  bool has(AnalyzerId analyzer, core::Protocol protocol) const;
  /// How long at least until one is, as things stand; zero when one is now. Takes
  /// the lock: for the agents that are sent away, not for each packet.
  Duration until_ready(TimePoint now) const;

 private:
  struct State;

  const std::unique_ptr<State> state_;
};

/// Changes of the analyzers that take effect together, between two picks: holds
/// the lock from construction to destruction, then wakes whom they concern. Each
/// change is as the LoadBalancer's function of that name says.
class LoadBalancer::UpdateTransaction {
 public:
  UpdateTransaction(LoadBalancer& balancer, TimePoint now);
  ~UpdateTransaction();
  UpdateTransaction(const UpdateTransaction&) = delete;
  UpdateTransaction& operator=(const UpdateTransaction&) = delete;

  AnalyzerId add(const AnalyzerSpec& spec, std::optional<AnalyzerId> reused = {});
  void remove(AnalyzerId analyzer);
  void set_weight(AnalyzerId analyzer, std::uint64_t weight_units);
  void set_max_in_flight(AnalyzerId analyzer, std::uint32_t packets);
  void set_drained(AnalyzerId analyzer, bool drained);

 private:
  State& state_;
  const TimePoint now_;
  MutexLock lock_;
};

/// One loop's turn: holds the lock from construction to destruction, then wakes
/// whom its changes concern.
class LoadBalancer::PlacementBatch {
 public:
  PlacementBatch(LoadBalancer& balancer, LoopId loop, TimePoint now);
  ~PlacementBatch();
  PlacementBatch(const PlacementBatch&) = delete;
  PlacementBatch& operator=(const PlacementBatch&) = delete;

  /// Takes the result of an attempt placed earlier, which took `lasted`. `packet` is its state as it was
  /// then. What its analyzer has taken until now.
  retry::Taken attempt_ended(const Placement& placement, const core::AttemptResult& result,
                             const retry::RetryState& packet, Duration lasted = {});

  /// Places a packet, with an analyzer that takes its protocol and is not excluded by
  /// its retry state, or with the only one that this names. None when no slot is free for it, or only such as an older
  /// packet of another loop may have; the loop is woken when that has changed. An analyzer
  /// that is to be tested goes before all others, but not for a suspect packet.
  ///
  /// One that an analyzer was asked about before waits while there are as many of those in flight as
  /// LoadBalancerOptions::max_retries allows, of all loops the oldest first.
  ///
  /// A suspect one is placed where suspects hold less than their share (an eighth
  /// of the slots, at least one). Beyond that only after let_suspects_pass().
  std::optional<Placement> place(const PacketFacts& packet, const retry::RetryState& retry_state);

  /// All packets of this loop that are not suspect were offered; suspect ones wait.
  /// Of an analyzer that no others may go to which wait, on any loop, suspects may take
  /// all that is free from now on; so they decide no test, but one in Testing whose
  /// probe has passed is Healthy now. False: there is none with anything free.
  bool let_suspects_pass();

  /// Notes that a packet waits, which was not offered because has_capacity() said no. Whether a younger one, suspect as
  /// this one or not as this one, may still be the oldest that waits for some analyzer.
  bool wait(const PacketFacts& packet, const retry::RetryState& retry_state);

  /// Whether place() would find a slot for such a packet now, were it the oldest.
  bool has_slot(core::Protocol protocol, const retry::RetryState& retry_state);
  /// Whether anybody could take a packet now: when not, placing can stop.
  bool has_capacity() const;
  /// Differs from that of an earlier turn when an analyzer has left service, or was removed, since.
  std::uint64_t service_version() const;
  /// Snapshots of the balance taken so far: the next one contains what this turn has reported.
  std::uint64_t balance_version() const;
  /// Whether an analyzer in service, free or not, is eligible.
  bool anyone_else(const Eligibility& eligible) const;
  /// Analyzers there are that take the protocol, in service or not; at most the only one that is eligible.
  std::size_t analyzer_count(const Eligibility& eligible) const;

  /// Analyzers that left service since this loop's last turn: what is unsent is
  /// to be recalled. Moves them into `analyzers`.
  void take_recalls(std::vector<AnalyzerId>& analyzers);

 private:
  std::optional<Placement> place_fresh(const PacketFacts& packet, const Eligibility& eligible,
                                       const retry::RetryState& retry_state);
  std::optional<Placement> place_suspect(const PacketFacts& packet, const Eligibility& eligible);
  std::optional<Placement> pick(const PacketFacts& packet, std::span<const AnalyzerId> closed, bool suspect);
  Placement begin_trial(AnalyzerId analyzer, const PacketFacts& packet);
  std::span<const AnalyzerId> closed_to(const Eligibility& eligible);
  std::span<const AnalyzerId> closed_to_suspects(const Eligibility& eligible);
  bool may_be_in_flight(const PacketFacts& packet, const retry::RetryState& retry_state);
  bool note_waiting(const PacketFacts& packet, const retry::RetryState& retry_state, bool yields);
  std::optional<AnalyzerId> wanted_trial_of(const Eligibility& eligible, const retry::RetryState& retry_state,
                                            TimePoint admitted_at);
  void end_refused(const Placement& placement);
  void end_failed(const Placement& placement, const core::AttemptResult& result, bool suspect, Duration lasted);
  bool suspects_keep_share_at(AnalyzerId analyzer) const;
  void close_to_younger(TimePoint admitted_at);

  State& state_;
  const LoopId loop_;
  const TimePoint now_;  ///< of the turn
  bool suspects_pass_ = false;
  bool has_looked_elsewhere_ = false;                     ///< for what waits on other loops
  boost::container::small_vector<AnalyzerId, 8> closed_;  ///< of one call; kept for its memory
  MutexLock lock_;
};

}  // namespace logdist::dispatch
