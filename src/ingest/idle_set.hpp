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
  TimePoint idle_from_{};
  bool served_ = false;
};

/// The longest idle comes first. One whose packet was accepted counts as idle from a moment
/// later on: its next request may be on its way, and closing would meet it, so those that
/// have sent nothing of use go before it. When there are only such, the longest idle goes.
///
/// Confined to its loop, except first_from(). Each operation takes constant time.
class IdleSet {
 public:
  explicit IdleSet(Duration keep_time) : keep_time_(keep_time) {}

  /// `served`: the last request's packet was accepted.
  void add(IdleEntry& entry, bool served, TimePoint now) {
    entry.idle_from_ = served ? now + keep_time_ : now;
    entry.served_ = served;
    lists_[served ? 1 : 0].push_back(entry);
    publish();
  }
  void remove(IdleEntry& entry) {
    List& list = lists_[entry.served_ ? 1 : 0];
    list.erase(list.iterator_to(entry));
    publish();
  }

  /// From when on the first counts as idle; `never`: none is idle. Any thread may ask; by
  /// the time that it acts it may be otherwise.
  TimePoint first_from() const { return first_from_.load(std::memory_order_relaxed); }

  /// Calls `take` with each in its order, until it returns true. It may remove the one it is
  /// called with.
  template <typename Take>
  void take_first(Take take) {
    auto silent = lists_[0].begin(), served = lists_[1].begin();
    while (silent != lists_[0].end() || served != lists_[1].end()) {
      const TimePoint silent_from = silent == lists_[0].end() ? never : silent->idle_from_;
      const TimePoint served_from = served == lists_[1].end() ? never : served->idle_from_;
      if (take(silent_from <= served_from ? *silent++ : *served++)) return;
    }
  }

 private:
  using List = boost::intrusive::list<IdleEntry, boost::intrusive::base_hook<IdleEntry>>;

  void publish() {
    TimePoint first = never;
    for (const List& list : lists_) {
      if (!list.empty()) first = std::min(first, list.front().idle_from_);
    }
    if (first != first_from()) first_from_.store(first, std::memory_order_relaxed);
  }

  const Duration keep_time_;
  std::array<List, 2> lists_;  ///< those not served, those served; each ordered by time
  std::atomic<TimePoint> first_from_{never};
};

}  // namespace logdist::ingest
