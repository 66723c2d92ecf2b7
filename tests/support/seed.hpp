// Where random tests begin.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <string_view>

namespace logdist::test {

/// The same seed in each run unless LOGDIST_SEED gives another, or says `random`, so that what passes once passes
/// again. It is printed, to see a failure again. `scripts/explore` tries new ones.
inline std::uint64_t draw_seed() {
  const char* const given = std::getenv("LOGDIST_SEED");
  std::uint64_t seed = 1;
  if (given != nullptr) seed = std::string_view(given) == "random" ? std::random_device{}() : std::stoull(given);
  std::cout << "seed " << seed << "; LOGDIST_SEED=" << seed << " repeats it\n";
  return seed;
}

}  // namespace logdist::test
