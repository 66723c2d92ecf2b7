// One balancer for each set of analyzers that takes the same formats.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "logdist/balance/balancer.hpp"
#include "logdist/core/protocol.hpp"

namespace logdist::balance {

/// Shares the packets of each protocol among the analyzers that take it. Protocols that the same analyzers take
/// are shared together, by one Balancer; where every analyzer takes everything, as is usual, there is
/// one. An analyzer is in service for those groups that it takes, and all of them draw on its slots.
///
/// The functions are those of the balancer. Groups follow the analyzers as they come and go; a charge knows the
/// group that it was made by. At most one group a protocol. Not thread-safe.
class BalancerGroups {
 public:
  /// A receipt, and the group that gave it.
  struct Charged {
    Charge charge;
    std::uint8_t group = 0;
  };

  /// `make_balancer` makes one for each group.
  explicit BalancerGroups(BalancerFactory make_balancer);

  AnalyzerId add(std::uint64_t weight_units, std::uint32_t slots, core::ProtocolSet takes,
                 std::optional<AnalyzerId> reused = {});
  void remove(AnalyzerId analyzer);
  void set_weight(AnalyzerId analyzer, std::uint64_t weight_units);
  void set_slots(AnalyzerId analyzer, std::uint32_t slots);
  void set_in_service(AnalyzerId analyzer, bool in_service);

  bool has_free_slot(AnalyzerId analyzer) const;
  /// Whether a packet of any protocol could be placed now.
  bool can_pick() const;
  bool can_pick(core::Protocol protocol, std::span<const AnalyzerId> excluded) const;
  std::optional<Charged> pick(core::Protocol protocol, std::uint32_t messages, std::span<const AnalyzerId> excluded);
  /// `analyzer` takes the protocol.
  Charged pick_this(core::Protocol protocol, AnalyzerId analyzer, std::uint32_t messages);
  void release(const Charged& charged);
  void undo(const Charged& charged);

  bool takes(AnalyzerId analyzer, core::Protocol protocol) const { return analyzers_[analyzer].takes.has(protocol); }
  /// Whether `analyzer` takes one of them.
  bool takes_any(AnalyzerId analyzer, core::ProtocolSet formats) const;
  /// Whether all that are there take it.
  bool all_take(core::Protocol protocol) const;
  /// Those there that take it.
  std::size_t takers(core::Protocol protocol) const;

  /// Over all groups; the target share is that of the group with the most analyzers.
  Account account(AnalyzerId analyzer) const;
  std::uint64_t largest_packet() const;

  /// As the balancer's, in the group with the most analyzers; the others begin with nothing owed.
  void restore(std::span<const double> owed, std::uint64_t largest_packet);

 private:
  struct Analyzer {
    std::uint64_t weight_units = 0;
    std::uint32_t slots = 0;
    core::ProtocolSet takes;
    bool in_service = true;
    bool removed = false;
    std::array<std::uint32_t, core::protocol_count> in_flight{};  ///< by group
  };
  /// The protocols of a group share `takers`.
  struct Group {
    std::unique_ptr<Balancer> balancer;
    std::vector<bool> takers;  ///< by AnalyzerId
    bool is_used = false;      ///< by a protocol; else only what it has charged is left of it
  };

  std::vector<bool> takers_of(core::Protocol protocol) const;
  std::uint8_t group_for(core::Protocol protocol, const std::vector<bool>& takers);
  Group& make_group();
  void regroup();
  void settle_service(Group& group, AnalyzerId analyzer) const;
  void share_slots(AnalyzerId analyzer);
  void ended(const Charged& charged);
  std::uint32_t in_flight_elsewhere(AnalyzerId analyzer, std::size_t group) const;

  const BalancerFactory make_balancer_;
  std::vector<Analyzer> analyzers_;  ///< by AnalyzerId
  std::vector<Group> groups_;        ///< the first serves all, while all take everything
  std::array<std::uint8_t, core::protocol_count> group_of_{};
};

}  // namespace logdist::balance
