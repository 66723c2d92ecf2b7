#include "logdist/ingest/clients/token_bucket.hpp"

#include <algorithm>
#include <chrono>

namespace logdist::ingest {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::int64_t ticks_per_ns = 16;
constexpr std::uint64_t ticks_per_second = 1'000'000'000ULL * ticks_per_ns;
/// More than a year: what costs more costs that.
constexpr std::int64_t cost_max = std::int64_t{1} << 59;

std::int64_t ticks_of(Duration duration) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count() * ticks_per_ns;
}

/// Rounded up, so that what is too much is never taken.
std::int64_t cost_of(std::uint64_t amount, const BucketRate& rate) {
  const Wide ticks = (Wide{amount} * ticks_per_second + (rate.per_second - 1)) / rate.per_second;
  return static_cast<std::int64_t>(std::min<Wide>(ticks, static_cast<Wide>(cost_max)));
}

}  // namespace

Duration TokenBucket::try_take(std::uint64_t amount, const BucketRate& rate, TimePoint now) {
  if (!rate.is_limited()) return Duration::zero();
  const std::int64_t at = ticks_of(now.time_since_epoch());
  const std::int64_t burst = ticks_of(rate.burst);
  const std::int64_t cost = cost_of(amount, rate);
  std::int64_t paid_until = paid_until_.load(std::memory_order_relaxed);
  for (;;) {
    const std::int64_t begin = std::max(paid_until, at);
    const std::int64_t too_early = begin + std::min(cost, burst) - burst - at;
    if (too_early > 0) return std::chrono::nanoseconds((too_early + ticks_per_ns - 1) / ticks_per_ns);
    if (paid_until_.compare_exchange_weak(paid_until, begin + cost, std::memory_order_relaxed)) return Duration::zero();
  }
}

void TokenBucket::take(std::uint64_t amount, const BucketRate& rate, TimePoint now) {
  if (!rate.is_limited()) return;
  const std::int64_t at = ticks_of(now.time_since_epoch());
  const std::int64_t cost = cost_of(amount, rate);
  std::int64_t paid_until = paid_until_.load(std::memory_order_relaxed);
  while (!paid_until_.compare_exchange_weak(paid_until, std::max(paid_until, at) + cost, std::memory_order_relaxed)) {
  }
}

void TokenBucket::give_back(std::uint64_t amount, const BucketRate& rate) {
  if (rate.is_limited()) paid_until_.fetch_sub(cost_of(amount, rate), std::memory_order_relaxed);
}

}  // namespace logdist::ingest
