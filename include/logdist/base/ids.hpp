// Small integer names for the things the hot path speaks of.
#pragma once

#include <cstdint>

namespace logdist {

/// An analyzer's place in the order of configuration, which is also the order
/// that breaks ties. Stable for the life of the process: an id is never reused.
using AnalyzerId = std::uint32_t;

/// An event loop's place in the pool, 0 … threads-1.
using LoopId = std::uint32_t;

}  // namespace logdist
