// Packets that were attempted before and wait for a slot elsewhere, and those that wait for one analyzer.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include <boost/container/small_vector.hpp>

#include "logdist/base/ids.hpp"
#include "logdist/queue/delivery.hpp"

namespace logdist::dispatch {

/// Grouped by their protocol, the analyzers they must not go to, or the only one they may, and whether one was asked
/// about them: what finds no slot for one finds none for the others of its group, so a turn asks once a group, not once
/// a packet, however many there are. In line by Delivery::in_line_since. Entering and leaving cost O(log n). A packet's
/// excluded(), only() and in_line_since must not change while it is in here. Confined to its loop.
class RetryLists {
 public:
  using Packets = queue::DeliveryLine;
  using Excluded = boost::container::small_vector<AnalyzerId, 4>;  ///< sorted

  /// The packets of one protocol with the same excluded analyzers, and the same only one.
  struct Group {
    const Excluded* excluded = nullptr;
    core::Protocol protocol = core::Protocol::packet;
    std::optional<AnalyzerId> only;
    Packets packets;
    std::uint64_t made = 0;        ///< as the so many-th: breaks ties
    std::uint64_t blocked_in = 0;  ///< the pass in which it found no slot
  };

  RetryLists() = default;
  RetryLists(const RetryLists&) = delete;
  RetryLists& operator=(const RetryLists&) = delete;
  ~RetryLists();

  void insert(queue::Delivery& delivery);
  /// The group goes with its last packet.
  void erase(queue::Delivery& delivery);

  bool empty() const { return groups_.empty(); }

  /// Begins a pass over the groups: none is blocked.
  void begin_pass();
  /// The group whose first packet is first in line, of those not blocked in this pass; null when there is none.
  /// Amortised O(1) for each group that is blocked.
  Group* first();
  /// `group` found no slot.
  void block(Group& group) { group.blocked_in = pass_; }

  /// Calls `visit` with each group; it may take packets out of that one.
  template <typename Visit>
  void for_each(Visit visit) {
    for (auto next = groups_.begin(); next != groups_.end();) visit((next++)->second);
  }
  /// The same in line, the first first, until `visit` says false; it may not take any out.
  template <typename Visit>
  void visit_in_line(Visit visit) const {
    for (const auto& [position, group] : line_) {
      if (!visit(*group)) return;
    }
  }

 private:
  using Position = std::pair<TimePoint, std::uint64_t>;  ///< in line of a group's first packet, and which group

  Position position_of(const Group& group) const { return {group.packets.begin()->in_line_since, group.made}; }
  void move(Group& group, Position from);

  using Key = std::tuple<Excluded, core::Protocol, std::optional<AnalyzerId>, bool>;

  static Key key_of(const queue::Delivery& delivery);

  std::map<Key, Group> groups_;
  std::map<Position, Group*> line_;
  std::map<Position, Group*>::iterator cursor_ = line_.begin();  ///< before it all are blocked in this pass
  std::uint64_t pass_ = 1;
  std::uint64_t made_ = 0;
};

}  // namespace logdist::dispatch
