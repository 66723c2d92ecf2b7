// Exponential back-off with jitter, as retries and health tests share it.
#pragma once

#include <cmath>
#include <cstdint>

#include "logdist/base/random.hpp"
#include "logdist/base/time.hpp"

namespace logdist {

/// `initial`, then times `multiplier` up to `max`, each wait spread by ± `jitter`
/// (a fraction of it, 0…1). A plain value.
struct Backoff {
  Duration initial{};
  Duration max{};
  double multiplier = 2;
  double jitter = 0.2;

  /// The wait after `repeats` waits before it, without jitter.
  Duration base(std::uint32_t repeats) const {
    if (initial >= max || initial <= Duration::zero()) return initial < max ? initial : max;
    const double grown = static_cast<double>(initial.count()) * std::pow(multiplier, repeats);
    return grown < static_cast<double>(max.count()) ? Duration(static_cast<Duration::rep>(grown)) : max;
  }

  /// The same, spread so that waits that begin together do not end together.
  Duration wait(std::uint32_t repeats, Random& random) const {
    const Duration center = base(repeats);
    if (jitter <= 0) return center;
    const double factor = random.uniform(1 - jitter, 1 + jitter);
    return Duration(static_cast<Duration::rep>(static_cast<double>(center.count()) * factor));
  }
};

}  // namespace logdist
