// Small integers that name analyzers and loops in the data flow.
#pragma once

#include <cstdint>

namespace logdist {

/// An analyzer's position in the order of configuration, which is also the order
/// that breaks ties. The id of one that was removed goes to another when nothing of it
/// is under way any more and every loop has forgotten it.
using AnalyzerId = std::uint32_t;

/// Who has sent a packet: 0 is all that are not known by a token or certificate, the others are the names that have
/// ever been in the file of auth.clients, each with an id of its own.
using ClientId = std::uint32_t;
inline constexpr ClientId anonymous_client = 0;

/// An event loop's index in the pool, 0 … threads-1.
using LoopId = std::uint32_t;

}  // namespace logdist
