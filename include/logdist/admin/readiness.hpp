// Whether packets are taken: what /readyz tells a load balancer.
//
// Ready is a daemon that takes packets and keeps them, though no analyzer may be in
// service for a while: that is what the queue is for. It is not ready while it shuts
// down, and when no analyzer is in service and the queue is full, so that requests would
// wait in vain. Sans-I/O: facts in, the answer out. Not thread-safe.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "logdist/base/time.hpp"

namespace logdist::admin {

/// As they are now.
struct ReadinessFacts {
  bool draining = false;
  bool analyzer_in_service = true;
  bool queue_full = false;
};

/// The answer.
struct Readiness {
  std::vector<std::string> reasons{};  ///< why packets are not taken, each a clause; none: they are

  bool ready() const { return reasons.empty(); }
  /// All reasons in one line.
  std::string text() const;
};

/// `{"ready":false,"reasons":["…"]}`
std::string to_json(const Readiness& readiness);

/// See the head of this file.
class ReadinessRule {
 public:
  /// Once it is not ready for want of analyzers, it stays so for at least this long: no
  /// load balancer is sent to and fro.
  static constexpr Duration hold = std::chrono::seconds(5);

  /// To be asked often enough that no change is missed.
  Readiness look(const ReadinessFacts& facts, TimePoint now);

 private:
  bool taking_ = true;            ///< but for a drain
  TimePoint not_taking_since_{};  ///< the last time that taking_ has become false
};

}  // namespace logdist::admin
