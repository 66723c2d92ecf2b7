// The time of day.
#pragma once

#include <chrono>
#include <cstdint>

namespace logdist::os {

/// Since 1970, by the system's clock, which may be set. For what outlives the process, never for waiting.
inline std::int64_t unix_time_ns() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count();
}

}  // namespace logdist::os
