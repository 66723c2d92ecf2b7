// The rate of a bucket, exact to a burst, however many loops take from it.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <thread>
#include <vector>

#include "logdist/base/random.hpp"
#include "logdist/ingest/clients/token_bucket.hpp"
#include "tests/support/seed.hpp"

namespace logdist::ingest {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint bucket_begin = TimePoint(std::chrono::hours(1000));

TEST(TokenBucket, HoldsABurstAndRefillsAtItsRate) {
  TokenBucket bucket;
  const BucketRate rate{10, 2s};
  for (int i = 0; i < 20; ++i) EXPECT_EQ(bucket.try_take(1, rate, bucket_begin), 0ns) << i;
  EXPECT_EQ(bucket.try_take(1, rate, bucket_begin), 100ms);
  EXPECT_EQ(bucket.try_take(5, rate, bucket_begin), 500ms);
  EXPECT_EQ(bucket.try_take(1, rate, bucket_begin + 99ms), 1ms);
  EXPECT_EQ(bucket.try_take(1, rate, bucket_begin + 100ms), 0ns);
  EXPECT_EQ(bucket.try_take(1, rate, bucket_begin + 100ms), 100ms);
  const TimePoint later = bucket_begin + 1h;
  EXPECT_EQ(bucket.try_take(20, rate, later), 0ns) << "a pause is worth one burst";
  EXPECT_EQ(bucket.try_take(1, rate, later), 100ms) << "and no more";
}

TEST(TokenBucket, WhatIsLargerThanABurstWaitsForAFullOneAndIsPaidAfterwards) {
  TokenBucket bucket;
  const BucketRate rate{100, 1s};
  EXPECT_EQ(bucket.try_take(1, rate, bucket_begin), 0ns);
  EXPECT_EQ(bucket.try_take(1000, rate, bucket_begin), 10ms);
  const TimePoint full = bucket_begin + 10ms;
  EXPECT_EQ(bucket.try_take(1000, rate, full), 0ns) << "it is not refused for ever";
  EXPECT_EQ(bucket.try_take(1, rate, full), 9s + 10ms);
  EXPECT_EQ(bucket.try_take(1, rate, full + 9s + 9ms), 1ms);
  EXPECT_EQ(bucket.try_take(1, rate, full + 9s + 10ms), 0ns);
}

TEST(TokenBucket, MayBeChargedAndPaidBack) {
  TokenBucket bucket;
  const BucketRate rate{10, 1s};
  bucket.take(20, rate, bucket_begin);
  EXPECT_EQ(bucket.try_take(1, rate, bucket_begin), 1100ms);
  bucket.give_back(15, rate);
  EXPECT_EQ(bucket.try_take(5, rate, bucket_begin), 0ns);
  EXPECT_GT(bucket.try_take(1, rate, bucket_begin), 0ns);
}

TEST(TokenBucket, WithoutARateTakesAll) {
  TokenBucket bucket;
  EXPECT_EQ(bucket.try_take(~std::uint64_t{0}, {}, bucket_begin), 0ns);
  EXPECT_EQ(bucket.try_take(1, {1, 1s}, bucket_begin), 0ns);
}

TEST(TokenBucket, StandsTheLargestAndTheSmallest) {
  TokenBucket bucket;
  EXPECT_EQ(bucket.try_take(std::uint64_t{1} << 40, {1, 1ms}, bucket_begin), 0ns);
  EXPECT_GT(bucket.try_take(1, {1, 1ms}, bucket_begin), 24h * 365);
  TokenBucket fast;
  const BucketRate rate{std::uint64_t{1} << 40, 24h};
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(fast.try_take(1, rate, bucket_begin), 0ns);
}

/// Takes amounts of one to `amount_max` by as many threads, all that they get at each of many times; the times move on
/// by less than a burst, so that nothing is lost by pauses. In the end neither too much was taken nor too little.
void expect_exact(std::size_t threads, std::uint64_t amount_max) {
  SCOPED_TRACE(std::to_string(threads) + " threads");
  const BucketRate rate{1000, 50ms};
  TokenBucket bucket;
  std::atomic<std::int64_t> elapsed_ns{0};
  std::atomic<std::uint64_t> taken{0};
  constexpr int rounds = 300;
  Random steps(::logdist::test::draw_seed());
  std::barrier together(static_cast<std::ptrdiff_t>(threads),
                        [&]() noexcept { elapsed_ns += static_cast<std::int64_t>(steps.below(30'000'000)); });
  std::vector<std::thread> loops;
  for (std::size_t i = 0; i < threads; ++i) {
    loops.emplace_back([&, random = Random(i)]() mutable {
      for (int round = 0; round < rounds; ++round) {
        const TimePoint now = bucket_begin + std::chrono::nanoseconds(elapsed_ns.load());
        for (;;) {
          const std::uint64_t amount = 1 + random.below(amount_max);
          if (bucket.try_take(amount, rate, now) != 0ns) {
            if (amount == 1) break;
            continue;
          }
          taken += amount;
        }
        together.arrive_and_wait();
      }
    });
  }
  for (std::thread& loop : loops) loop.join();
  // The last round's step came after all had taken.
  const TimePoint end = bucket_begin + std::chrono::nanoseconds(elapsed_ns.load());
  while (bucket.try_take(1, rate, end) == 0ns) taken += 1;
  const double allowed = 1000 * (std::chrono::duration<double>(end - bucket_begin).count() + 0.05);
  EXPECT_LE(static_cast<double>(taken), allowed);
  EXPECT_GT(static_cast<double>(taken), allowed - 1.01) << "all that there was";
}

TEST(TokenBucket, TheSumOverLoopsIsExactToABurst) {
  for (const std::size_t threads : {std::size_t{1}, std::size_t{8}}) {
    expect_exact(threads, 1);
    expect_exact(threads, 7);
  }
}

}  // namespace
}  // namespace logdist::ingest
