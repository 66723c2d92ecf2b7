// The one source of randomness, always seeded from outside and passed in, so
// that a printed seed repeats a run.
#pragma once

#include <cstdint>
#include <random>

namespace logdist {

/// A seeded generator. Confined to one thread.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// 64 random bits.
  std::uint64_t next() { return engine_(); }

  /// Uniform in [low, high), high > low.
  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(engine_); }

  /// Uniform in [0, bound), bound > 0.
  std::uint64_t below(std::uint64_t bound) {
    return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(engine_);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace logdist
