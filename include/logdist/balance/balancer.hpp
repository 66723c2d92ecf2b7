// What picks the analyzer for each packet: the interface of the policies.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "logdist/base/ids.hpp"

namespace logdist::balance {

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
  bool by_key = false;    ///< of a policy that has regard to the key
};

/// What a packet is picked for by.
struct PickRequest {
  std::uint32_t messages = 0;              ///< at least 1
  std::span<const AnalyzerId> excluded{};  ///< it must not go to any of these
  std::optional<std::uint64_t> key{};      ///< packets with the same belong together; well mixed, as a hash is
};

/// Picks an analyzer with a free slot for each packet, and keeps account of what each is owed. All analyzers
/// start in service. balance::Selector, exact shares by weight, is the one that ships.
///
/// Sans-I/O: no clock, lock, thread or log. Not thread-safe: the caller serialises.
/// Errors: none; an id that was never added is a broken invariant.
class Balancer {
 public:
  virtual ~Balancer() = default;

  /// Adds an analyzer, owed nothing, in service. `weight_units` > 0 are exact
  /// integers in any common unit (config::Weight::units); `slots` is the bound
  /// on its packets in flight. Ids count up from 0, unless it gets `reused`, the id
  /// of a removed one with no packet in flight.
  virtual AnalyzerId add(std::uint64_t weight_units, std::uint32_t slots, std::optional<AnalyzerId> reused) = 0;

  /// What policies that hash know it by, instead of its id: the same for the same analyzer in every process. Before the
  /// first packet goes there.
  virtual void set_identity(AnalyzerId /*analyzer*/, std::uint64_t /*identity*/) {}

  /// Removes it for good. Packets still in flight there are released or undone as usual;
  /// apart from that only account() may be called for it, until its id is used again.
  virtual void remove(AnalyzerId analyzer) = 0;

  /// It is weighed by this from now on; what it is owed stays as it is.
  virtual void set_weight(AnalyzerId analyzer, std::uint64_t weight_units) = 0;

  /// The limit on packets in flight from now on; those in flight may exceed it.
  virtual void set_slots(AnalyzerId analyzer, std::uint32_t slots) = 0;

  /// Whether pick() may choose it. No effect when nothing changes.
  virtual void set_in_service(AnalyzerId analyzer, bool in_service) = 0;

  /// Whether `analyzer`, in service or not, has fewer packets in flight than slots.
  virtual bool has_free_slot(AnalyzerId analyzer) const = 0;

  /// Whether a packet that must not go to any of `excluded` could be placed now.
  virtual bool can_pick(std::span<const AnalyzerId> excluded) const = 0;

  /// Places a packet: charges the chosen analyzer and takes one of its slots. None when no
  /// analyzer in service that is not excluded has a free slot; then nothing has changed.
  virtual std::optional<Charge> pick(const PickRequest& packet) = 0;

  /// Places a packet on `analyzer`, whether or not it is in service: the trial
  /// packet of one that is being tested. Takes a slot, free or not: ask has_free_slot() first.
  virtual Charge pick_this(AnalyzerId analyzer, std::uint32_t messages) = 0;

  /// The packet is settled there: frees the slot, the charge stays.
  virtual void release(const Charge& charge) = 0;

  /// The attempt failed: frees the slot and undoes the charge whole.
  virtual void undo(const Charge& charge) = 0;

  /// Begins where another balancer was: `owed` has the deficits of those in service, by id and in messages, 0 for
  /// those that it does not name. Of no use once a packet was placed.
  virtual void restore(std::span<const double> owed, std::uint64_t largest_packet) = 0;

  virtual Account account(AnalyzerId analyzer) const = 0;

  /// Largest packet seen, in messages.
  virtual std::uint64_t largest_packet() const = 0;
};

/// Makes a balancer without analyzers. Called at the start, and whenever a set of formats gets takers of its own.
using BalancerFactory = std::function<std::unique_ptr<Balancer>()>;

}  // namespace logdist::balance
