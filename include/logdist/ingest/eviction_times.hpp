// When connections of a loop may make room for new ones.
#pragma once

#include <algorithm>

#include "logdist/base/time.hpp"

namespace logdist::ingest {

/// Of the first of each kind; `never`: there is none. A plain value.
struct EvictionTimes {
  TimePoint idle = never;       ///< since it has been idle, or from a moment later on
  TimePoint under_way = never;  ///< when a request, an answer or a close will have waited for its agent for too long

  TimePoint first() const { return std::min(idle, under_way); }
};

}  // namespace logdist::ingest
