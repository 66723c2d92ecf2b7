#include "logdist/queue/queue_limits.hpp"

#include "logdist/base/check.hpp"

namespace logdist::queue {
namespace {

constexpr std::uint64_t one_packet = std::uint64_t{1} << QueueLimits::byte_bits;

}  // namespace

QueueLimits::QueueLimits(std::size_t max_packets, std::size_t max_bytes)
    : max_packets_(max_packets), max_bytes_(max_bytes) {
  LOGDIST_CHECK(max_packets <= limit_packets && max_bytes <= limit_bytes);
}

bool QueueLimits::try_take(std::size_t bytes) {
  std::uint64_t held = held_.load(std::memory_order_relaxed);
  for (;;) {
    const std::uint64_t packets = held >> byte_bits;
    const std::uint64_t held_bytes = held & limit_bytes;
    if (packets >= max_packets_ || bytes > max_bytes_ || held_bytes > max_bytes_ - bytes) {
      set_refused(true);
      return false;
    }
    if (!held_.compare_exchange_weak(held, held + one_packet + bytes, std::memory_order_relaxed)) continue;
    set_refused(false);
    return true;
  }
}

void QueueLimits::give_back(std::size_t bytes) {
  held_.fetch_sub(one_packet + bytes, std::memory_order_relaxed);
  set_refused(false);
}

}  // namespace logdist::queue
