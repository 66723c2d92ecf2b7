// A rate that no sum over loops exceeds by more than a burst.
#pragma once

#include <atomic>
#include <cstdint>

#include "logdist/base/time.hpp"

namespace logdist::ingest {

/// So much a second, and at once what comes in `burst`. 0 a second is unlimited.
struct BucketRate {
  std::uint64_t per_second = 0;
  Duration burst{};

  bool is_limited() const { return per_second != 0; }
  friend bool operator==(const BucketRate&, const BucketRate&) = default;
};

/// A token bucket, as the generic cell rate algorithm keeps it (ITU-T I.371, annex A: virtual scheduling): one number,
/// until when what was taken is paid for by the rate. In any time T all that is taken together is at most T × rate and
/// one burst, whoever takes it: the number moves by compare-and-swap.
///
/// An amount larger than the burst would never fit. It is taken when the bucket is full, and leaves a debt: nothing
/// more is taken until that is paid. So the bound holds but for that one amount.
///
/// Thread-safe; a `now` that is late only takes less. The rate is given each time, so that it can be changed.
class TokenBucket {
 public:
  /// Zero: taken. Else nothing is, and there is room for it after so long, if nobody else takes it.
  Duration try_take(std::uint64_t amount, const BucketRate& rate, TimePoint now);
  /// Takes it, whatever is there.
  void take(std::uint64_t amount, const BucketRate& rate, TimePoint now);
  /// What was taken by the same rate, and was for nothing.
  void give_back(std::uint64_t amount, const BucketRate& rate);

 private:
  /// In sixteenths of a nanosecond, so that the rounding of small amounts at high rates is below 10⁻⁴; 64 bits of it
  /// are 18 years after the clock's beginning.
  std::atomic<std::int64_t> paid_until_{0};
};

}  // namespace logdist::ingest
