#include "balance/apportion.hpp"

#include <algorithm>
#include <cstddef>

#include "logdist/base/check.hpp"

namespace logdist::balance {

void apportion(std::span<Share> shares, int128 total) {
  int128 missing = total;
  for (const Share& share : shares) missing -= share.units.whole;
  if (missing == 0) return;
  LOGDIST_CHECK(missing > 0 && missing < static_cast<int128>(shares.size()));

  const auto raised = shares.first(static_cast<std::size_t>(missing));
  std::nth_element(shares.begin(), raised.end(), shares.end(), [](const Share& left, const Share& right) {
    if (left.units.part != right.units.part) return left.units.part > right.units.part;
    return left.analyzer < right.analyzer;
  });
  for (Share& share : raised) ++share.units.whole;
}

}  // namespace logdist::balance
