#include "tests/sim/draws.hpp"

#include <cmath>

namespace logdist::sim {

Duration Draws::across(Duration low, Duration high) {
  const double exponent = random_.uniform(std::log(low.count()), std::log(high.count()));
  return Duration(static_cast<Duration::rep>(std::exp(exponent)));
}

Duration Draws::heavy_tailed(Duration middle) {
  const double stretch = std::pow(random_.uniform(1e-4, 1), -0.8) / 2;
  return Duration(static_cast<Duration::rep>(static_cast<double>(middle.count()) * stretch));
}

}  // namespace logdist::sim
