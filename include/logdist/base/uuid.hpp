// Packet ids for agents that send none.
#pragma once

#include <cstdint>
#include <string>

#include "logdist/base/random.hpp"

namespace logdist {

/// Length of the text form of a UUID.
inline constexpr std::size_t uuid_length = 36;

/// Writes a version 7 UUID (RFC 9562, 5.7) over `text`: `unix_ms` first, so that
/// ids sort by time, then 74 random bits. Reuses the capacity of `text`.
void make_uuid_v7(std::string& text, std::uint64_t unix_ms, Random& random);

}  // namespace logdist
