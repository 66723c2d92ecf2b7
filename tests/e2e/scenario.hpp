// One load from its first packet to the last delivery, checked in every way.
#pragma once

#include <ostream>
#include <string>

#include "tests/e2e/load.hpp"

namespace logdist::e2e {

struct Scenario {
  std::string name;
  LoadPlan plan;
  std::size_t threads = 1;
};

inline void PrintTo(const Scenario& scenario, std::ostream* out) { *out << scenario.name; }

/// Three analyzers 40/30/30, the daemon and the load: everything is answered 202
/// and delivered once, shares are exact to one packet, the books balance at every
/// scrape and are right at the end.
void run(const Scenario& scenario);

}  // namespace logdist::e2e
