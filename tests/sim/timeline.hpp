// Simulated time: what happens when. Nothing in the simulation reads a clock.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "logdist/base/time.hpp"

namespace logdist::sim {

/// The events to come, in order of time; those of one moment in the order they
/// were entered.
class Timeline {
 public:
  using Action = std::function<void()>;

  TimePoint now() const { return now_; }
  void at(TimePoint when, Action action) { events_.emplace(std::max(when, now_), std::move(action)); }
  void after(Duration delay, Action action) { at(now_ + delay, std::move(action)); }

  bool empty() const { return events_.empty(); }
  /// When the next event happens; `never`: there is none.
  TimePoint next() const { return events_.empty() ? never : events_.begin()->first; }
  /// Of several timelines, which move together: no event of this one is before `when`.
  void move_to(TimePoint when) { now_ = std::max(now_, when); }
  /// None of the events to come happens.
  void clear() { events_.clear(); }
  /// Moves to the next event and lets it happen.
  void step() {
    const auto next = events_.extract(events_.begin());
    now_ = next.key();
    next.mapped()();
  }

 private:
  TimePoint now_ = TimePoint{} + std::chrono::hours(1);
  std::multimap<TimePoint, Action> events_;
};

}  // namespace logdist::sim
