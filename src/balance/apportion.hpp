// Rounding that loses nothing: the method of largest remainders.
#pragma once

#include <cstdint>
#include <span>

#include "balance/int128.hpp"
#include "logdist/base/ids.hpp"

namespace logdist::balance {

/// One analyzer's share of an amount: rounded down, with what that cut off.
struct Share {
  AnalyzerId analyzer = 0;
  Quotient units;
};

/// Raises by one as many shares as it takes for their whole units to sum to
/// `total`, those with the largest remainders first, ties by id. All remainders
/// are over one divisor and `total` is what the shares summed to before they were
/// rounded down, so that fewer than all are raised. Reorders `shares`. O(n).
void apportion(std::span<Share> shares, int128 total);

}  // namespace logdist::balance
