// The processor's time.
#pragma once

#include <chrono>
#include <ctime>

#include "logdist/base/time.hpp"

namespace logdist::os {

/// What the thread has had of it so far, which is no time of any clock. A system call, so for what is rarely asked.
inline TimePoint thread_time() {
  std::timespec had{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &had);
  return TimePoint(std::chrono::seconds(had.tv_sec) + std::chrono::nanoseconds(had.tv_nsec));
}

}  // namespace logdist::os
