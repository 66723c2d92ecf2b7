// Dispatch: one loop's lane of the work queue and the packets under way from it.
//
// Sans-I/O: no socket, clock, thread or log inside. The loop's driver calls
// turn() when turn_soon() asked for it and on_timer() at next_timer(); the
// simulation does the same with simulated time. Confined to its loop; what the
// loops share (Scheduler, queue::Bounds) is thread-safe by itself.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "logdist/base/outcome.hpp"
#include "logdist/base/random.hpp"
#include "logdist/base/time.hpp"
#include "logdist/delivery/course.hpp"
#include "logdist/dispatch/scheduler.hpp"
#include "logdist/ledger/ledger.hpp"
#include "logdist/queue/bounds.hpp"
#include "logdist/queue/packet_sink.hpp"
#include "logdist/upstream/upstream.hpp"

namespace logdist::dispatch {

/// How a loop is asked to take a turn once the events at hand are through.
class TurnRequest {
 public:
  /// Calls Dispatcher::turn() soon, on the dispatcher's loop; asking twice
  /// before the turn is asking once.
  virtual void turn_soon() = 0;

 protected:
  ~TurnRequest() = default;
};

/// Where packets go that no analyzer will take. Called on the loop's thread.
class DeadLetters {
 public:
  virtual void put(const packet::Packet& packet, DeadLetterReason reason) = 0;

 protected:
  ~DeadLetters() = default;
};

struct DispatcherOptions {
  LoopId loop = 0;
  delivery::RetryPolicy retry;
  Duration caller_runs_timeout{};
  bool ack_delivered = false;  ///< every request waits for its delivery
  std::uint64_t seed = 0;      ///< of the jitter
};

/// See the head of this file.
class Dispatcher final : public queue::PacketSink, public upstream::AttemptListener {
 public:
  Dispatcher(const DispatcherOptions& options, Scheduler& scheduler, queue::Bounds& bounds, ledger::Ledger& ledger,
             upstream::Upstream& upstream, DeadLetters& dead_letters, TurnRequest& turn_request);
  ~Dispatcher() override;

  queue::Delivery& make() override;
  void discard(queue::Delivery& delivery) override;
  queue::Admission admit(queue::Delivery& delivery, queue::Waiter& waiter, TimePoint now) override;
  void abandon(queue::Delivery& delivery, TimePoint now) override;

  /// A turn: reports what ended, places what can be placed, oldest first, and
  /// flushes the upstream.
  void turn(TimePoint now);

  /// When on_timer() is next due; `never` if it is not.
  TimePoint next_timer() const;
  void on_timer(TimePoint now);

  /// From now on nothing that waits for its agent is kept waiting: requests not
  /// under way are handed back. Queued packets go on being delivered.
  void begin_drain(TimePoint now);
  /// Nothing is queued, waiting or in flight.
  bool idle() const;
  /// The grace is over: dead-letters (shutdown) or hands back what is left, but
  /// for attempts under way, which only the upstream can end. Returns packets.
  std::size_t give_up(TimePoint now);

  void attempt_ended(delivery::Attempt& attempt, const delivery::AttemptResult& result, TimePoint now) override;
  void capacity_changed(AnalyzerId analyzer, std::uint32_t packets) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace logdist::dispatch
