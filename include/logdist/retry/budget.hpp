// How many retries may be in flight: a breaker for the daemon as a whole.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace logdist::retry {

/// Counts the packets in flight by whether an analyzer was asked about them before, and limits those that were
/// (retries) to a part of the others, at least `retries_min`. So when analyzers fail, the attempts are at most 1 +
/// `part` times what they would be without retries, and an outage is not made worse by them.
///
/// Source: the retry budgets of Finagle and Envoy. Sans-I/O. Not thread-safe: the caller serialises.
class RetryBudget {
 public:
  static constexpr std::uint32_t retries_min = 10;
  static constexpr std::uint32_t unlimited = std::numeric_limits<std::uint32_t>::max();

  /// Of 1 or more: retries are not limited.
  explicit RetryBudget(double part) : part_(part) {}

  bool has_room() const { return retries_ < limit(); }
  void begin(bool is_retry) { ++(is_retry ? retries_ : first_attempts_); }
  void end(bool is_retry) { --(is_retry ? retries_ : first_attempts_); }

  std::uint32_t retries() const { return retries_; }
  /// On retries in flight, as of now: those in flight may exceed it once others have ended.
  std::uint32_t limit() const {
    if (part_ >= 1) return unlimited;
    return std::max(retries_min, static_cast<std::uint32_t>(std::floor(part_ * first_attempts_)));
  }

 private:
  double part_;
  std::uint32_t first_attempts_ = 0;  ///< in flight
  std::uint32_t retries_ = 0;         ///< likewise
};

}  // namespace logdist::retry
