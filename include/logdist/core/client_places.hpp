// How many of the queue's places one client holds.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace logdist::core {

/// Over all loops. Thread-safe.
class ClientPlaces {
 public:
  /// One more, unless there are `max` already.
  bool try_take(std::uint32_t max);
  void give_back();
  std::uint32_t held() const { return held_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> held_{0};
};

/// A place that a packet holds for its client, or none. Keeps the ClientPlaces as long.
class HeldPlace {
 public:
  HeldPlace() = default;
  /// One that was taken.
  explicit HeldPlace(std::shared_ptr<ClientPlaces> places) : places_(std::move(places)) {}
  ~HeldPlace() { give_back(); }
  HeldPlace(HeldPlace&& other) noexcept : places_(std::move(other.places_)) {}
  HeldPlace& operator=(HeldPlace&& other) noexcept {
    if (this != &other) {
      give_back();
      places_ = std::move(other.places_);
    }
    return *this;
  }

  void give_back() {
    if (!places_) return;
    places_->give_back();
    places_.reset();
  }

 private:
  std::shared_ptr<ClientPlaces> places_;
};

}  // namespace logdist::core
