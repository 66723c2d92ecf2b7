// Picks the analyzer for each packet by weight. docs/balance.md has the proof.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "logdist/base/ids.hpp"

namespace logdist::balance {

/// The heaviest weight that the exact arithmetic is laid out for.
inline constexpr std::uint64_t weight_units_max = std::uint64_t{1} << 40;

struct SelectorOptions {
  std::uint64_t catch_up_threshold = 1'000;  ///< messages
  std::uint64_t max_debt = 10'000;           ///< messages
  /// The most of all messages that catch up, in millionths, 1 to 1'000'000: over any
  /// 10 times the largest packet of them, or more. A share below a fifth may be
  /// passed by one packet.
  std::uint32_t catch_up_share_ppm = 500'000;
};

/// What one analyzer's account shows, in messages.
struct Account {
  double deficit = 0;           ///< target minus charged while in service; positive = owed
  double arrears = 0;           ///< of the deficit: what is left to catch-up
  double debt = 0;              ///< what it is owed while out of service
  double target_share = 0;      ///< of the weights in service; 0 when out of service
  std::uint64_t catch_ups = 0;  ///< times it fell behind by more than max(threshold, largest packet)
  std::uint32_t in_flight = 0;  ///< packets
  std::uint64_t in_flight_messages = 0;
};

/// Receipt of a pick: what is needed to undo it whole.
struct Charge {
  AnalyzerId analyzer = 0;
  std::uint32_t messages = 0;
  bool catch_up = false;  ///< the packet pays arrears
};

/// Picks the analyzer for each packet so that shares follow the weights in messages,
/// never further from the target than one packet. All analyzers start in service, owed
/// nothing.
///
/// Source: earliest eligible virtual deadline first, WF²Q (Bennett and Zhang, 1996),
/// for unit packets Tijdeman's chairman assignment (1980). In virtual time: V grows by
/// n/Σweight for a packet of n messages, A_i by the messages charged to analyzer i; i is
/// owed while A_i/weight_i < V, and among those that are owed the earliest
/// (M + A_i)/weight_i wins, M being the largest packet seen.
///
/// What an analyzer is owed after an outage is a separate part of its deficit, the
/// arrears. Packets that catch up pay them, and a meter limits their part of the
/// traffic. All other packets are shared by weight as if there were no arrears, so that
/// no analyzer starves.
///
/// docs/balance.md has the proof, the arithmetic and the debts. A pick costs O(log n)
/// for n analyzers; a change of the credited set or of a weight O(n log n).
///
/// Sans-I/O: no clock, lock, thread or log. Not thread-safe: the caller serialises.
/// Errors: none; an id that was never added is a broken invariant.
class Selector {
 public:
  explicit Selector(SelectorOptions options);
  ~Selector();
  Selector(Selector&&) noexcept;
  Selector& operator=(Selector&&) noexcept;

  /// Adds an analyzer at deficit 0, in service. `weight_units` > 0 are exact
  /// integers in any common unit (config::Weight::units); `slots` is the bound
  /// on its packets in flight. Ids count up from 0, unless it gets `reused`, the id
  /// of a removed one with no packet in flight.
  AnalyzerId add(std::uint64_t weight_units, std::uint32_t slots, std::optional<AnalyzerId> reused = {});

  /// Removes it for good: its deficit goes to the others by weight. Packets still in
  /// flight there are released or undone as usual; apart from that only account() may
  /// be called for it, until its id is used again.
  void remove(AnalyzerId analyzer);

  /// It is credited by the new weight from now on; deficits stay as they are.
  void set_weight(AnalyzerId analyzer, std::uint64_t weight_units);

  /// The limit on packets in flight from now on; those in flight may exceed it.
  void set_slots(AnalyzerId analyzer, std::uint32_t slots);

  /// Leaving: the deficit becomes its debt, and the others take it over by weight, so
  /// that theirs sum to 0 again; while it is out, the debt grows by what it would have
  /// been credited, up to max_debt. Returning: the debt moves back, or is dropped if no
  /// other is in service. No effect when nothing changes.
  void set_in_service(AnalyzerId analyzer, bool in_service);

  /// Whether `analyzer`, in service or not, has fewer packets in flight than slots.
  bool has_free_slot(AnalyzerId analyzer) const;

  /// Whether a packet that must not go to any of `excluded` could be placed now.
  bool can_pick(std::span<const AnalyzerId> excluded) const;

  /// Places a packet of `messages` ≥ 1: credits those in service (but for full ones
  /// that it would lift above max_debt, until they have a slot again), charges the
  /// chosen one and takes one of its slots. None when no analyzer in service
  /// outside `excluded` has a free slot; then nothing has changed.
  std::optional<Charge> pick(std::uint32_t messages, std::span<const AnalyzerId> excluded);

  /// Places a packet on `analyzer`, whether or not it is in service: the trial
  /// packet of one that is being tested. Charged against its debt. Takes a slot,
  /// free or not: ask has_free_slot() first.
  Charge pick_this(AnalyzerId analyzer, std::uint32_t messages);

  /// The packet is settled there: frees the slot, the charge stays.
  void release(const Charge& charge);

  /// The attempt failed: frees the slot and undoes charge and credits whole.
  void undo(const Charge& charge);

  /// Begins where another selector was: `owed` has the deficits of those in service, by id and in messages, 0 for
  /// those that it does not name; what they do not sum to is taken from or given to all by weight. When one is off by
  /// more than a packet of `largest_packet`, all of it is arrears. Of no use once a packet was placed.
  void restore(std::span<const double> owed, std::uint64_t largest_packet);

  Account account(AnalyzerId analyzer) const;

  /// Largest packet seen, in messages.
  std::uint64_t largest_packet() const;

  /// Whether the deficits of those in service sum to exactly 0, in the integers
  /// they are kept in. They always must: for tests and self-checks. O(n).
  bool sums_to_zero() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace logdist::balance
