// Exact shares by weight. docs/balance.md has the proof.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "logdist/balance/balancer.hpp"
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
class Selector final : public Balancer {
 public:
  explicit Selector(SelectorOptions options);
  ~Selector() override;
  Selector(Selector&&) noexcept;
  Selector& operator=(Selector&&) noexcept;

  /// At deficit 0.
  AnalyzerId add(std::uint64_t weight_units, std::uint32_t slots, std::optional<AnalyzerId> reused = {}) override;

  /// Its deficit goes to the others by weight.
  void remove(AnalyzerId analyzer) override;

  /// It is credited by the new weight from now on; deficits stay as they are.
  void set_weight(AnalyzerId analyzer, std::uint64_t weight_units) override;

  void set_slots(AnalyzerId analyzer, std::uint32_t slots) override;

  /// Leaving: the deficit becomes its debt, and the others take it over by weight, so
  /// that theirs sum to 0 again; while it is out, the debt grows by what it would have
  /// been credited, up to max_debt. Returning: the debt moves back, or is dropped if no
  /// other is in service.
  void set_in_service(AnalyzerId analyzer, bool in_service) override;

  bool has_free_slot(AnalyzerId analyzer) const override;

  bool can_pick(std::span<const AnalyzerId> excluded) const override;

  /// Credits those in service (but for full ones that the packet would lift above max_debt, until they have a slot
  /// again), and charges the chosen one.
  std::optional<Charge> pick(const PickRequest& packet) override;

  /// Charged against its debt when it is out of service.
  Charge pick_this(AnalyzerId analyzer, std::uint32_t messages) override;

  void release(const Charge& charge) override;

  /// Undoes the credits, too.
  void undo(const Charge& charge) override;

  /// What the deficits do not sum to is taken from or given to all by weight. When one is off by
  /// more than a packet of `largest_packet`, all of it is arrears.
  void restore(std::span<const double> owed, std::uint64_t largest_packet) override;

  Account account(AnalyzerId analyzer) const override;

  std::uint64_t largest_packet() const override;

  /// Whether the deficits of those in service sum to exactly 0, in the integers
  /// they are kept in. They always must: for tests and self-checks. O(n).
  bool sums_to_zero() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace logdist::balance
