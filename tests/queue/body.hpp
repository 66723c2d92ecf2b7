// A reservation on the budget, for its tests.
#pragma once

#include <vector>

#include "logdist/queue/memory_limiter.hpp"

namespace logdist::queue {

inline constexpr std::size_t unknown = MemoryLimiter::length_unknown;

/// A body that notes in `order` when its wait is over.
class Body final : public MemoryLimiter::Reservation {
 public:
  explicit Body(int name = 0, std::vector<int>* order = nullptr) : name_(name), order_(order) {}
  void granted() override {
    grants += 1;
    if (order_ != nullptr) order_->push_back(name_);
  }
  std::uint64_t waits_for() const override { return client; }
  int name() const { return name_; }
  std::uint64_t client = 0;
  int grants = 0;

 private:
  const int name_;
  std::vector<int>* const order_;
};

}  // namespace logdist::queue
