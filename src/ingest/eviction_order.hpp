// The connections of a loop that make room for new ones when there are too many, in their order.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <boost/intrusive/list.hpp>

#include "logdist/base/time.hpp"
#include "logdist/ingest/eviction_times.hpp"

namespace logdist::ingest {

struct EvictionTag;

/// Why a connection may be closed for another.
enum class EvictionReason : std::uint8_t {
  silent,    ///< idle, and its last request was no packet that was accepted
  served,    ///< idle after one that was: its next request may be on its way
  finished,  ///< its last answer is sent, and the agent has not closed
  stalled,   ///< it waits for its agent: for the rest of a request, or for an answer to be read
};
inline constexpr std::size_t eviction_reason_count = 4;

constexpr bool is_idle(EvictionReason reason) { return reason <= EvictionReason::served; }

/// Base of what can be evicted.
class EvictionEntry : public boost::intrusive::list_base_hook<boost::intrusive::tag<EvictionTag>> {
 public:
  bool evictable() const { return is_linked(); }
  bool idle() const { return evictable() && is_idle(reason_); }
  bool stalled() const { return evictable() && reason_ == EvictionReason::stalled; }

 protected:
  EvictionEntry() = default;
  ~EvictionEntry() = default;
  /// From when on it may be evicted; valid while it is listed.
  TimePoint evictable_from() const { return from_; }

 private:
  friend class EvictionOrder;
  TimePoint from_{};
  EvictionReason reason_ = EvictionReason::silent;
};

/// The one comes first that may be evicted for longest:
/// silent    since it has been idle
/// served    since a moment later: closing would meet its next request, so those that send nothing of use go before it
/// finished  since its answer was sent
/// stalled   since it had been waited for during `stall_time`
/// While anybody is idle, on any loop, the first goes even before that time; else none does.
///
/// Confined to its loop, except times(). Each operation takes constant time.
class EvictionOrder {
 public:
  EvictionOrder(Duration keep_time, Duration stall_time) : keep_time_(keep_time), stall_time_(stall_time) {}

  void add(EvictionEntry& entry, EvictionReason reason, TimePoint now) {
    entry.from_ = now + delay_of(reason);
    entry.reason_ = reason;
    list_of(reason).push_back(entry);
    publish();
  }
  void remove(EvictionEntry& entry) {
    List& list = list_of(entry.reason_);
    list.erase(list.iterator_to(entry));
    publish();
  }

  /// Any thread may ask; by the time that it acts it may be otherwise.
  EvictionTimes times() const {
    return {idle_from_.load(std::memory_order_relaxed), under_way_from_.load(std::memory_order_relaxed)};
  }

  /// Calls `take` with each in order, until it returns true; of those under way only with what may be evicted `now`,
  /// or, with `early`, with all. It may remove the one it is called with, or add it again.
  template <typename Take>
  void take_first(TimePoint now, bool early, Take take) {
    // What is added again meanwhile is later.
    const TimePoint until = early ? std::max(now, now + stall_time_ - Duration(1)) : now;
    std::array<List::iterator, eviction_reason_count> at;
    for (std::size_t i = 0; i < lists_.size(); ++i) at[i] = lists_[i].begin();
    while (true) {
      std::size_t first = lists_.size();
      for (std::size_t i = 0; i < lists_.size(); ++i) {
        if (at[i] == lists_[i].end() || (!is_idle(EvictionReason(i)) && at[i]->from_ > until)) continue;
        if (first == lists_.size() || at[i]->from_ < at[first]->from_) first = i;
      }
      if (first == lists_.size() || take(*at[first]++)) return;
    }
  }

 private:
  using List = boost::intrusive::list<EvictionEntry, boost::intrusive::base_hook<EvictionEntry>>;

  List& list_of(EvictionReason reason) { return lists_[static_cast<std::size_t>(reason)]; }

  Duration delay_of(EvictionReason reason) const {
    switch (reason) {
      case EvictionReason::silent:
      case EvictionReason::finished: return {};
      case EvictionReason::served: return keep_time_;
      case EvictionReason::stalled: return stall_time_;
    }
    return {};
  }

  TimePoint first_of(EvictionReason reason) {
    const List& list = list_of(reason);
    return list.empty() ? never : list.front().from_;
  }
  void publish() {
    publish(idle_from_, std::min(first_of(EvictionReason::silent), first_of(EvictionReason::served)));
    publish(under_way_from_, std::min(first_of(EvictionReason::finished), first_of(EvictionReason::stalled)));
  }
  static void publish(std::atomic<TimePoint>& place, TimePoint from) {
    if (place.load(std::memory_order_relaxed) != from) place.store(from, std::memory_order_relaxed);
  }

  const Duration keep_time_;
  const Duration stall_time_;
  std::array<List, eviction_reason_count> lists_;  ///< each ordered by time
  std::atomic<TimePoint> idle_from_{never};
  std::atomic<TimePoint> under_way_from_{never};
};

}  // namespace logdist::ingest
