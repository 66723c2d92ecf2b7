// A simulated agent: one connection, one packet after the other.
#pragma once

#include <cstdint>

#include "logdist/ingest/clients/client_rates.hpp"
#include "logdist/queue/delivery.hpp"
#include "logdist/queue/memory_limiter.hpp"
#include "tests/sim/analyzer.hpp"
#include "tests/sim/loop.hpp"
#include "tests/sim/stage.hpp"

namespace logdist::sim {

/// One connection, one packet after the other. Does what a session does for its agent: reserves
/// space for the body, receives it, admits it, and waits where it has to.
class Agent final : public queue::Waiter, public queue::MemoryLimiter::Reservation {
 public:
  /// `rates`, which outlives it, is what its client has sent lately; null: nobody asks.
  Agent(Stage& stage, const AgentPlan& plan, Loop& loop, queue::MemoryLimiter& bodies, ingest::ClientRates* rates);

  ~Agent() override;

  void start() { begin_after(plan_.pause); }
  /// No more packets; what was admitted is waited for.
  void stop() { stopped_ = true; }

  void settled(queue::Settlement settlement) override;

  /// The body that it sends, as one who knows all sees it.
  struct Body {
    std::size_t held = 0;    ///< bytes of the budget
    std::size_t wanted = 0;  ///< bytes in all, once it has what it waits for
    std::size_t client = 0;  ///< whose it is
    bool waits = false;
    TimePoint waits_since{};
    TimePoint begun{};
    bool large = false;
    bool length_unknown = false;  ///< so that it may have been small once
    bool in_steps = false;
  };
  Body body(std::size_t small_body_max) const;

 private:
  void granted() override;
  std::uint64_t waits_for() const override { return plan_.client; }

  bool take_rate();
  bool take_place();
  void begin_after(Duration pause);
  void begin_body();
  void reserve(std::size_t total_bytes);
  void receive();
  void admit();
  void wait(queue::Delivery& delivery, std::uint64_t serial);
  void release();

  Stage& stage_;
  const AgentPlan plan_;
  TraitSequence traits_;
  Loop& loop_;
  queue::MemoryLimiter& bodies_;
  ingest::ClientRates* const rates_;
  Draws draws_;
  bool stopped_ = false;

  // Of the present packet:
  std::size_t bytes_ = 0;
  bool chunked_ = false;   ///< its length is not announced
  bool in_steps_ = false;  ///< it reserves as it arrives
  bool trickles_ = false;
  std::size_t wanted_bytes_ = 0;
  bool waits_for_space_ = false;
  TimePoint waits_since_{};
  TimePoint begun_{};
  std::uint64_t begun_count_ = 0;
  std::uint64_t waits_with_ = 0;  ///< serial of the packet it waits for, if any
  bool waits_ = false;
};

}  // namespace logdist::sim
