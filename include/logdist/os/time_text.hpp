// Moments, as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace logdist::os {

/// A time as RFC 3339 has it (`2026-05-01T10:00:00Z`, `…+02:00`), or a duration before `now_ns` (`-15m`), in
/// nanoseconds since 1970. None when it is neither.
std::optional<std::int64_t> parse_time(std::string_view text, std::int64_t now_ns);

}  // namespace logdist::os
