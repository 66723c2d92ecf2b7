// One event loop of the daemon, driven by simulated time as server::Loop drives it
// by the real one.
#pragma once

#include "logdist/core/buffer.hpp"
#include "logdist/dispatch/dispatcher.hpp"
#include "logdist/ledger/ledger.hpp"
#include "logdist/queue/queue_limits.hpp"
#include "tests/sim/stage.hpp"
#include "tests/sim/upstream.hpp"

namespace logdist::sim {

/// An event loop in simulated time. A turn comes a little after it was asked for, so
/// that several events may share one, and loops overtake each other.
class Loop final : public dispatch::TurnRequest {
 public:
  /// `store`: none, the queue is in memory.
  Loop(Stage& stage, LoopId id, dispatch::LoadBalancer& balancer, queue::QueueLimits& bounds,
       sink::DeadLetters& dead_letters, queue::Store* store = nullptr);

  /// By another loop or the control thread.
  void wake() { turn_soon(); }
  void turn_soon() override;
  bool turn_pending() const { return turn_pending_; }

  dispatch::Dispatcher& dispatcher() { return *dispatcher_; }
  const dispatch::Dispatcher& dispatcher() const { return *dispatcher_; }
  Upstream& upstream() { return upstream_; }
  core::BufferPool& buffers() { return buffers_; }
  ledger::Ledger& ledger() { return ledger_; }
  const ledger::Snapshot& books() const { return ledger_.snapshot(); }
  /// After an event that was none of the dispatcher's own.
  void arm_timer();

 private:
  void turn();

  Stage& stage_;
  const LoopId id_;
  core::BufferPool buffers_{1 << 16};
  ledger::Ledger ledger_;
  Upstream upstream_;
  std::unique_ptr<dispatch::Dispatcher> dispatcher_;
  bool turn_pending_ = false;
  TimePoint timer_at_ = never;
};

}  // namespace logdist::sim
