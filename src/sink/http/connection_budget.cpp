#include "logdist/sink/http/connection_budget.hpp"

#include <algorithm>

namespace logdist::sink {

void ConnectionBudget::join(const void* pool, std::uint32_t ceiling) {
  const MutexLock lock(mutex_);
  ceilings_[pool] = {ceiling, false};
  update_ceiling();
}

void ConnectionBudget::leave(const void* pool) {
  const MutexLock lock(mutex_);
  ceilings_.erase(pool);
  update_ceiling();
}

bool ConnectionBudget::learn(const void* pool, std::uint32_t ceiling) {
  const MutexLock lock(mutex_);
  ceilings_[pool] = {ceiling, true};
  return update_ceiling();
}

bool ConnectionBudget::update_ceiling() {
  std::uint32_t learned = 0;
  std::uint32_t assumed = 0;
  for (const auto& [pool, ceiling] : ceilings_) {
    std::uint32_t& best = ceiling.learned ? learned : assumed;
    best = std::max(best, ceiling.requests);
  }
  const std::uint32_t best = learned > 0 ? learned : assumed;
  return ceiling_.exchange(best) != best;
}

}  // namespace logdist::sink
