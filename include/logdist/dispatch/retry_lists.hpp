// Packets that were attempted before and wait for a slot elsewhere.
//
// Grouped by the analyzers they must not go to: what finds no slot for one finds
// none for the others of its group, so a turn asks once a group, not once a
// packet, however many there are.
#pragma once

#include <memory>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "logdist/base/ids.hpp"
#include "logdist/queue/delivery.hpp"

namespace logdist::dispatch {

/// See the head of this file. A packet's excluded() must not change while it is
/// in here. Confined to its loop.
class RetryLists {
 public:
  /// Packets with the same excluded analyzers, oldest first.
  struct Group {
    boost::container::small_vector<AnalyzerId, 4> excluded;
    queue::DeliveryList packets;
    bool blocked = false;  ///< in this turn: found no slot
  };

  ~RetryLists();

  void insert(queue::Delivery& delivery);
  void erase(queue::Delivery& delivery);

  bool empty() const;

  /// The group whose oldest packet is the oldest of all in groups not blocked;
  /// null when there is none. Stays valid until begin_turn().
  Group* oldest();
  /// Unblocks all groups and forgets those that are empty.
  void begin_turn();

 private:
  Group& group_of(const queue::Delivery& delivery);

  std::vector<std::unique_ptr<Group>> groups_;  ///< few: there are few ways to have failed
};

}  // namespace logdist::dispatch
