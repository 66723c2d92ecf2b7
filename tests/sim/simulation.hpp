// A whole life of the daemon in simulated time: a storm drawn from a seed, then
// a time in which all is well, then the shutdown.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "logdist/base/time.hpp"
#include "tests/sim/checker.hpp"
#include "tests/sim/scenario.hpp"

namespace logdist::sim {

/// What came of it.
struct Verdict {
  Findings findings;   ///< of the first event that was complained about; empty: all is well
  std::string report;  ///< the seed, what was drawn, what was found and the last events
  std::uint64_t events = 0;
  std::uint64_t packets = 0;
  Duration lived{};                             ///< simulated time
  std::map<std::string, std::uint64_t> checks;  ///< by checker: how often it had its case before it, if it counts

  bool passed() const { return findings.empty(); }
};

/// Lives the life of `seed`. The same seed lives the same life. Only the checker
/// called `only` looks on, if one is named.
Verdict simulate(std::uint64_t seed, const std::string& only = {});

}  // namespace logdist::sim
