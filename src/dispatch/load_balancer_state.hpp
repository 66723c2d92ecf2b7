// What the load balancer keeps of each analyzer and each loop.
#pragma once

#include <memory>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "logdist/dispatch/load_balancer.hpp"

namespace logdist::dispatch {

inline constexpr LoopId no_loop = ~LoopId{0};

struct LoadBalancer::Analyzer {
  std::unique_ptr<health::Monitor> monitor;
  std::uint32_t max_in_flight = 0;
  std::uint32_t capacity = 0;
  std::uint32_t connections = 0;  ///< at most; 0: not known
  std::uint32_t slots = 0;        ///< as the selector knows them: the smaller of both, ramped
  std::uint32_t suspects = 0;     ///< suspect packets in flight there
  std::uint64_t delivered = 0;    ///< packets it has taken
  TimePoint delivered_at{};       ///< the last of them
  TimePoint paused_until{};       ///< in the past: not paused
  std::uint32_t pauses = 0;       ///< without a time named, one after the other
  std::uint64_t failures = 0;
  PauseNotice unseen_pauses;                          ///< by who writes the log
  health::State seen_state = health::State::healthy;  ///< as of the last refresh
  bool seen_paused = false;
  bool drained = false;
  bool in_service = true;
  bool removed = false;  ///< for good; kept for what is under way there
};

struct LoadBalancer::Loop {
  TimePoint blocked_head = never;        ///< admission of its oldest packet that any slot suits and that found none
  TimePoint suspect_head = never;        ///< of its oldest suspect that any analyzer suits with room for suspects
  bool only_suspects = true;             ///< among its packets that found none
  std::uint64_t blocked_at_version = 0;  ///< capacity_version_ then; 0: nothing is blocked
  bool wake_pending = false;             ///< woken, its turn not yet begun
  std::vector<AnalyzerId> recalls;
};

/// Whom to wake once the lock is released.
struct LoadBalancer::WakeList {
  boost::container::small_vector<LoopId, 8> loops;
  bool control = false;
};

}  // namespace logdist::dispatch
