// How many agent connections may be open, over all loops.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace logdist::ingest {

/// Counts open connections against `server.max_connections`. Thread-safe. Must
/// outlive its slots.
class ConnectionSlots {
 public:
  /// The right to one open connection; gives itself back when destroyed.
  class Slot {
   public:
    Slot(Slot&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)) {}
    Slot& operator=(Slot&& other) noexcept {
      std::swap(slots_, other.slots_);
      return *this;
    }
    ~Slot() {
      if (slots_ != nullptr) slots_->taken_.fetch_sub(1, std::memory_order_relaxed);
    }

   private:
    friend class ConnectionSlots;
    explicit Slot(ConnectionSlots& slots) : slots_(&slots) {}
    ConnectionSlots* slots_;
  };

  explicit ConnectionSlots(std::size_t max) : max_(max) {}

  /// A slot, or none when all are taken.
  std::optional<Slot> try_take() {
    std::size_t taken = taken_.load(std::memory_order_relaxed);
    while (taken < max_) {
      if (taken_.compare_exchange_weak(taken, taken + 1, std::memory_order_relaxed)) return Slot(*this);
    }
    return std::nullopt;
  }

  /// Open connections now: the gauge `connections`.
  std::size_t taken() const { return taken_.load(std::memory_order_relaxed); }

 private:
  const std::size_t max_;
  std::atomic<std::size_t> taken_{0};
};

}  // namespace logdist::ingest
