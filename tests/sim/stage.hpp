// What everybody in the simulation shares.
#pragma once

#include <memory>
#include <vector>

#include "tests/sim/analyzer.hpp"
#include "tests/sim/draws.hpp"
#include "tests/sim/event_trace.hpp"
#include "tests/sim/journal.hpp"
#include "tests/sim/scenario.hpp"
#include "tests/sim/timeline.hpp"

namespace logdist::sim {

/// Plain references; all of it belongs to the world.
struct Stage {
  const Scenario& scenario;
  Timeline& timeline;
  Draws& draws;  ///< of what happens on the way: delays of threads and timers
  Journal& journal;
  EventTrace& trace;
  std::vector<std::unique_ptr<Analyzer>>& analyzers;  ///< by AnalyzerId
};

/// A timer fires so much too late at most, and a thread is woken as late.
inline constexpr Duration lateness_max = std::chrono::milliseconds(2);

}  // namespace logdist::sim
