// Whether packets are accepted: the answer of /readyz to a load balancer.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "logdist/base/time.hpp"

namespace logdist::admin {

/// As they are now.
struct ReadinessFacts {
  bool draining = false;
  bool recovering = false;              ///< what an earlier process has left in the durable queue is being read
  std::uint64_t recovered_packets = 0;  ///< of these
  std::uint64_t recovered_read = 0;     ///< so many
  bool analyzer_in_service = true;
  bool queue_full = false;
};

/// The answer.
struct Readiness {
  std::vector<std::string> reasons{};  ///< why packets are not accepted, each a clause; none: they are

  bool ready() const { return reasons.empty(); }
  /// All reasons in one line.
  std::string text() const;
};

/// `{"ready":false,"reasons":["…"]}`
std::string to_json(const Readiness& readiness);

/// Decides whether the daemon is ready, which means that it accepts packets, even while no
/// analyzer is in service: that is what the queue is for. It is not ready while it shuts
/// down or recovers, and when no analyzer is in service and the queue is full, so that requests would
/// wait in vain. Sans-I/O: facts in, the answer out. Not thread-safe.
class ReadinessRule {
 public:
  /// Once it is not ready because no analyzer is in service, it stays so for at least this
  /// long, so that a load balancer does not flap.
  static constexpr Duration hold = std::chrono::seconds(5);

  /// To be called often enough that no change is missed.
  Readiness look(const ReadinessFacts& facts, TimePoint now);

 private:
  bool taking_ = true;            ///< but for a drain
  TimePoint not_taking_since_{};  ///< when taking_ last became false
};

}  // namespace logdist::admin
