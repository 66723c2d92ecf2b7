// The idle connections of a loop, in the order in which they make room for new ones.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>

#include <boost/intrusive/list.hpp>

#include "logdist/base/time.hpp"

namespace logdist::ingest {

struct IdleTag;

/// Base of what can be idle.
class IdleEntry : public boost::intrusive::list_base_hook<boost::intrusive::tag<IdleTag>> {
 public:
  bool idle() const { return is_linked(); }

 protected:
  IdleEntry() = default;
  ~IdleEntry() = default;

 private:
  friend class IdleSet;
  TimePoint makes_room_at_{};
  bool served_ = false;
};

/// The longest idle comes first. One whose packet was accepted just now keeps its place for
/// a moment: its next request may be on its way, and closing would meet it. One that has
/// sent nothing, or nothing of use, makes room at once.
///
/// Confined to its loop, except first_at(). Each operation takes constant time.
class IdleSet {
 public:
  explicit IdleSet(Duration keep_time) : keep_time_(keep_time) {}

  /// `served`: the last request's packet was accepted.
  void add(IdleEntry& entry, bool served, TimePoint now) {
    entry.makes_room_at_ = served ? now + keep_time_ : now;
    entry.served_ = served;
    lists_[served ? 1 : 0].push_back(entry);
    publish();
  }
  void remove(IdleEntry& entry) {
    List& list = lists_[entry.served_ ? 1 : 0];
    list.erase(list.iterator_to(entry));
    publish();
  }

  /// From when on the first makes room; `never`: none is idle. Any thread may ask; by
  /// the time that it acts it may be otherwise.
  TimePoint first_at() const { return first_at_.load(std::memory_order_relaxed); }

  /// Calls `take` with those that make room by now, in their order, until it returns true.
  /// It may remove the one it is called with.
  template <typename Take>
  bool take_first(TimePoint now, Take take) {
    auto silent = lists_[0].begin(), served = lists_[1].begin();
    for (;;) {
      const TimePoint silent_at = silent == lists_[0].end() ? never : silent->makes_room_at_;
      const TimePoint served_at = served == lists_[1].end() ? never : served->makes_room_at_;
      if (std::min(silent_at, served_at) > now) return false;
      if (take(silent_at <= served_at ? *silent++ : *served++)) return true;
    }
  }

 private:
  using List = boost::intrusive::list<IdleEntry, boost::intrusive::base_hook<IdleEntry>>;

  void publish() {
    TimePoint first = never;
    for (const List& list : lists_) {
      if (!list.empty()) first = std::min(first, list.front().makes_room_at_);
    }
    if (first != first_at()) first_at_.store(first, std::memory_order_relaxed);
  }

  const Duration keep_time_;
  std::array<List, 2> lists_;  ///< those not served, those served; each ordered by time
  std::atomic<TimePoint> first_at_{never};
};

}  // namespace logdist::ingest
