// How much of the traffic catch-up may be.
#pragma once

#include <algorithm>
#include <cstdint>

#include "logdist/base/check.hpp"

namespace logdist::balance {

/// After each packet that catches up, others have to pass before the next may.
/// With s the greatest share and n the messages of a packet, the next one is
/// allowed when n/r messages have passed since the beginning of the last,
/// r = (10·s − 1)/9. In L messages in a row catch-up then has at most
/// r·L + (1 − r)·M of them, M being the largest packet; that is at most s·L for
/// L ≥ 10·M. Below a fifth, where r would near 0, it is r = s·5/9: then at most
/// s·L and one packet. Whole numbers, so that nothing drifts.
///
/// Counts packets as they are placed; an undone one stays counted.
class CatchUpMeter {
 public:
  static constexpr std::uint32_t share_ppm_max = 1'000'000;

  explicit CatchUpMeter(std::uint32_t share_ppm)
      : rate_(share_ppm >= share_ppm_max / 5 ? 10 * std::uint64_t{share_ppm} - share_ppm_max
                                             : 5 * std::uint64_t{share_ppm}) {
    LOGDIST_CHECK(share_ppm > 0 && share_ppm <= share_ppm_max);
  }

  bool allows() const { return level_ == 0; }
  /// `messages`, below 2^33, catch up: only when allowed.
  void spend(std::uint64_t messages) { level_ += messages * cost; }
  /// A packet passes, whatever it is.
  void pass(std::uint32_t messages) { level_ -= std::min(level_, messages * rate_); }

 private:
  static constexpr std::uint64_t cost = 9 * std::uint64_t{share_ppm_max};  ///< of a message; < 2^24

  const std::uint64_t rate_;  ///< paid back by a message, at most its cost
  std::uint64_t level_ = 0;
};

}  // namespace logdist::balance
