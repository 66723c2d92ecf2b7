// Where random tests begin.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

namespace logdist::test {

/// A new seed for each run, printed; LOGDIST_SEED gives one back, to see a failure again.
inline std::uint64_t draw_seed() {
  const char* const given = std::getenv("LOGDIST_SEED");
  const std::uint64_t seed = given != nullptr ? std::stoull(given) : std::random_device{}();
  std::cout << "seed " << seed << "; LOGDIST_SEED=" << seed << " repeats it\n";
  return seed;
}

}  // namespace logdist::test
