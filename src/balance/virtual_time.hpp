// A moment of virtual time, exactly.
#pragma once

#include <cstdint>

#include "balance/int128.hpp"

namespace logdist::balance {

/// Virtual time is counted in messages credited since the epoch began. A moment
/// is whole + part / rate messages; its rate is the analyzer's, so that two of
/// them compare without rounding: two integers nearly always, one product else.
struct VirtualTime {
  int128 whole = 0;
  std::uint64_t part = 0;
  std::uint64_t rate = 1;

  /// Whether it lies before `now`, a whole number of messages.
  constexpr bool before(std::int64_t now) const { return whole < now; }
};

constexpr bool operator<(const VirtualTime& left, const VirtualTime& right) {
  if (left.whole != right.whole) [[likely]]
    return left.whole < right.whole;
  return static_cast<uint128>(left.part) * right.rate < static_cast<uint128>(right.part) * left.rate;
}

}  // namespace logdist::balance
