// Where a record is.
#pragma once

#include <cstdint>

namespace logdist::queue {

/// A place in the log: `offset` in the segment `first_id`; {}: not known.
struct LogPosition {
  std::uint64_t first_id = 0;
  std::uint64_t offset = 0;

  bool operator==(const LogPosition&) const = default;
};

}  // namespace logdist::queue
