// Small integers that name analyzers and loops in the data flow.
#pragma once

#include <cstdint>

namespace logdist {

/// An analyzer's position in the order of configuration, which is also the order
/// that breaks ties. The id of one that was removed goes to another when nothing of it
/// is under way any more and every loop has forgotten it.
using AnalyzerId = std::uint32_t;

/// An event loop's index in the pool, 0 … threads-1.
using LoopId = std::uint32_t;

}  // namespace logdist
