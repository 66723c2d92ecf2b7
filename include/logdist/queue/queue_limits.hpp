// The bounds of the work queue, over all loops: packets and bytes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace logdist::queue {

/// Places and bytes of the work queue. A packet takes its place when it is
/// queued and keeps it until it is settled. When either bound would be passed,
/// try_take() says no, and the caller runs the delivery itself. Both counts live
/// in one word, so that one atomic step decides exactly. Thread-safe.
class QueueLimits {
 public:
  static constexpr unsigned byte_bits = 40;
  /// Largest values that `max_packets` and `max_bytes` may have.
  static constexpr std::uint64_t limit_packets = (std::uint64_t{1} << (64 - byte_bits)) - 1;
  static constexpr std::uint64_t limit_bytes = (std::uint64_t{1} << byte_bits) - 1;

  QueueLimits(std::size_t max_packets, std::size_t max_bytes);

  /// Takes one place and `bytes`; false when either bound would be passed.
  bool try_take(std::size_t bytes);
  /// Gives back what one successful try_take(bytes) took.
  void give_back(std::size_t bytes);

  /// The last try_take() has found no place, and nothing was given back since.
  bool full() const { return refused_.load(std::memory_order_relaxed) || packets() >= max_packets_; }

  std::size_t packets() const { return held_.load(std::memory_order_relaxed) >> byte_bits; }
  std::size_t bytes() const { return held_.load(std::memory_order_relaxed) & limit_bytes; }
  std::size_t max_packets() const { return max_packets_; }
  std::size_t max_bytes() const { return max_bytes_; }

 private:
  void set_refused(bool refused) {
    if (refused_.load(std::memory_order_relaxed) != refused) refused_.store(refused, std::memory_order_relaxed);
  }

  const std::size_t max_packets_;
  const std::size_t max_bytes_;
  alignas(64) std::atomic<std::uint64_t> held_{0};  ///< packets above, bytes below
  std::atomic<bool> refused_{false};                ///< written when it changes, so seldom
};

}  // namespace logdist::queue
