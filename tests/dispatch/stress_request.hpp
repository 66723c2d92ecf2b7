// One request of an agent in the stress test, as a session would handle it.
#pragma once

#include "logdist/queue/delivery.hpp"
#include "logdist/queue/memory_limiter.hpp"
#include "tests/dispatch/stress_loop.hpp"

namespace logdist::dispatch {

/// Reserves the room for its body, is admitted, waits if it must. Confined to its
/// loop, but for granted().
class StressRequest final : public queue::Waiter, public queue::MemoryLimiter::Reservation {
 public:
  StressRequest(StressLoop& loop, std::size_t serial);
  ~StressRequest() override;

  void begin();
  /// The agent has gone.
  void leave();
  /// Its packet is not admitted yet.
  bool coming() const { return stage_ == Stage::coming; }

  void granted() override;
  void settled(queue::Settlement settlement) override;

 private:
  enum class Stage : std::uint8_t { coming, waiting, over };

  void receive();
  void admit();
  void finish();

  StressLoop& loop_;
  const std::size_t serial_;
  const std::size_t bytes_;
  const bool chunked_;
  std::size_t room_ = 0;  ///< bytes reserved or asked for
  Stage stage_ = Stage::coming;
  queue::Delivery* delivery_ = nullptr;  ///< while it waits
};

}  // namespace logdist::dispatch
