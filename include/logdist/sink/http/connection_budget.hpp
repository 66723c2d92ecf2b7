// How many connections the loops may hold to one analyzer, all together, and how
// many packets those take.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>

#include "logdist/base/mutex.hpp"

namespace logdist::sink {

/// The connection budget of one analyzer, shared by the pools of all loops.
///
/// Each loop may always have one connection: that one is reserved for it. The
/// `max_connections - loops` others, if any, go to whoever asks first, so a loop
/// with all the traffic may use them all. A pool that is refused leaves a mark;
/// pools with connections to spare see it and close the idle ones.
///
/// Each loop learns by itself how many requests a connection takes at once, its
/// ceiling; the analyzer takes what it takes from the loop that fares best. A
/// loop that has learned nothing has no say, unless none has.
///
/// Thread-safe. Must outlive the pools that were given it.
class ConnectionBudget {
 public:
  /// `max_connections` ≥ 1 and `loops` ≥ 1.
  ConnectionBudget(std::uint32_t max_connections, std::uint32_t loops)
      : loops_(loops), max_open_(max_connections > loops ? max_connections : loops), spare_(max_open_ - loops) {}

  /// Asks for a place beyond the loop's first connection, for `pool`.
  bool try_take(const void* pool) {
    std::uint32_t spare = spare_.load(std::memory_order_relaxed);
    while (spare > 0) {
      if (spare_.compare_exchange_weak(spare, spare - 1, std::memory_order_relaxed)) return true;
    }
    if (refused_.load(std::memory_order_relaxed) != pool) refused_.store(pool, std::memory_order_relaxed);
    return false;
  }
  /// Gives back what one successful try_take() took.
  void give_back() { spare_.fetch_add(1, std::memory_order_relaxed); }

  /// Whether another than `pool` was refused and no room was made since.
  bool is_wanted_from(const void* pool) const {
    const void* const refused = refused_.load(std::memory_order_relaxed);
    return refused != nullptr && refused != pool;
  }
  /// Room was made for the one that was refused.
  void room_made() { refused_.store(nullptr, std::memory_order_relaxed); }

  /// Most connections that can be open at once: max(max_connections, loops).
  std::uint32_t max_open() const { return max_open_; }
  /// One loop's even part of them, at least one.
  std::uint32_t max_open_of_loop() const { return max_open_ / loops_; }

  /// A pool that assumes that connections take `ceiling` ≥ 1 requests, until its end.
  void join(const void* pool, std::uint32_t ceiling);
  void leave(const void* pool);
  /// What `pool` has learned instead. Whether that changes capacity().
  bool learn(const void* pool, std::uint32_t ceiling);
  /// Most packets that all connections take at once; 0 without a pool.
  std::uint32_t capacity() const { return max_open_ * ceiling_.load(); }

  /// Connections open or opening now, over all loops.
  std::uint32_t open_connections() const { return open_.load(std::memory_order_relaxed); }
  void count_opened() { open_.fetch_add(1, std::memory_order_relaxed); }
  void count_closed() { open_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  struct Ceiling {
    std::uint32_t requests;
    bool learned;
  };

  bool update_ceiling() LOGDIST_REQUIRES(mutex_);

  const std::uint32_t loops_;
  const std::uint32_t max_open_;
  std::atomic<std::uint32_t> spare_;
  std::atomic<std::uint32_t> open_{0};
  std::atomic<const void*> refused_{nullptr};  ///< the pool refused last

  Mutex mutex_;                                                         ///< of what is rarely changed
  std::map<const void*, Ceiling> ceilings_ LOGDIST_GUARDED_BY(mutex_);  ///< by pool, one a loop
  std::atomic<std::uint32_t> ceiling_{0};                               ///< the best of them
};

}  // namespace logdist::sink
