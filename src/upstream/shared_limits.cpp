#include "logdist/upstream/shared_limits.hpp"

#include <algorithm>

namespace logdist::upstream {

void SharedLimits::join(const void* pool, std::uint32_t ceiling) {
  const std::lock_guard lock(mutex_);
  ceilings_[pool] = {ceiling, false};
  update_ceiling();
}

void SharedLimits::leave(const void* pool) {
  const std::lock_guard lock(mutex_);
  ceilings_.erase(pool);
  update_ceiling();
}

bool SharedLimits::learn(const void* pool, std::uint32_t ceiling) {
  const std::lock_guard lock(mutex_);
  ceilings_[pool] = {ceiling, true};
  return update_ceiling();
}

bool SharedLimits::update_ceiling() {
  std::uint32_t learned = 0;
  std::uint32_t assumed = 0;
  for (const auto& [pool, ceiling] : ceilings_) {
    std::uint32_t& best = ceiling.learned ? learned : assumed;
    best = std::max(best, ceiling.requests);
  }
  const std::uint32_t best = learned > 0 ? learned : assumed;
  return ceiling_.exchange(best) != best;
}

}  // namespace logdist::upstream
