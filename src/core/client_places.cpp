#include "logdist/core/client_places.hpp"

namespace logdist::core {

bool ClientPlaces::try_take(std::uint32_t max) {
  std::uint32_t held = held_.load(std::memory_order_relaxed);
  while (held < max) {
    if (held_.compare_exchange_weak(held, held + 1, std::memory_order_relaxed)) return true;
  }
  return false;
}

void ClientPlaces::give_back() { held_.fetch_sub(1, std::memory_order_relaxed); }

}  // namespace logdist::core
