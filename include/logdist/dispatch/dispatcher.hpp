// Dispatch: one loop's lane of the work queue and the packets under way from it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>

#include "logdist/base/time.hpp"
#include "logdist/core/attempt.hpp"
#include "logdist/dispatch/load_balancer.hpp"
#include "logdist/ledger/ledger.hpp"
#include "logdist/queue/ack_registry.hpp"
#include "logdist/queue/packet_sink.hpp"
#include "logdist/queue/queue_limits.hpp"
#include "logdist/queue/store.hpp"
#include "logdist/retry/retry_state.hpp"
#include "logdist/sink/dead_letters.hpp"
#include "logdist/sink/upstream.hpp"

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

struct DispatcherOptions {
  LoopId loop = 0;
  retry::RetryPolicy retry;
  Duration max_age{};  ///< of a packet that an analyzer has answered; 0: any
  Duration caller_runs_timeout{};
  bool ack_delivered = false;  ///< every request waits for its delivery
  std::uint64_t seed = 0;      ///< of the jitter
  /// Packets whose bodies may be on the disk only while all else of them stays in memory.
  std::size_t parked_max = 50'000;
};

/// What a dispatcher works with. All of it outlives the dispatcher.
struct DispatcherParts {
  LoadBalancer& balancer;
  queue::QueueLimits& bounds;
  ledger::Ledger& ledger;
  sink::Upstream& upstream;
  sink::DeadLetters& dead_letters;
  TurnRequest& turn_request;
  queue::Store* store = nullptr;       ///< none: accepted packets are in memory only
  queue::AckRegistry* acks = nullptr;  ///< none: no agent asks what became of its packets
};

/// For agents sent away while analyzers are in service, or by a daemon that is
/// shutting down: long enough not to come back into the same congestion, short
/// enough not to idle when a slot is free again.
inline constexpr std::chrono::seconds congestion_pause{2};

/// Sans-I/O: no socket, clock, thread or log inside. The loop's driver calls
/// turn() when turn_soon() asked for it and on_timer() at next_timer(); the
/// simulation does the same with simulated time. Confined to its loop; what the
/// loops share (LoadBalancer, queue::QueueLimits) is thread-safe by itself.
class Dispatcher : public queue::PacketSink, public queue::StoreListener, public sink::AttemptListener {
 public:
  ~Dispatcher() override = default;

  /// One that may go to an only analyzer is not stored, and takes no place of the queue: its waiter waits for its
  /// delivery.
  queue::Admission admit(queue::Delivery& delivery, queue::Waiter& waiter, TimePoint now) override = 0;
  /// A packet that was read back from the store, with its `store_id`; it is ours. `has_place`: in the queue.
  virtual void restore(queue::Delivery& delivery, bool has_place, TimePoint admitted_at) = 0;
  /// The same of one that takes its place from a packet that is parked instead, and is parked itself if there is none.
  virtual void restore_in_exchange(queue::Delivery& delivery, TimePoint admitted_at) = 0;
  /// What became of a Store::fetch().
  virtual void fetched(queue::Delivery& delivery, queue::FetchOutcome outcome, TimePoint now) = 0;
  /// What was read back for the last Store::offer() is here.
  virtual void offer_ended() = 0;
  /// While it is not draining, and a place of the queue or an analyzer in service is there.
  bool takes_packets() const override = 0;
  /// Until an analyzer is back when none is there, else `congestion_pause`.
  std::chrono::seconds retry_after(TimePoint now) const override = 0;

  /// A turn: reports what ended, places what can be placed, oldest first, and
  /// flushes the upstream.
  virtual void turn(TimePoint now) = 0;

  /// These analyzers are gone and their ids will be others': no packet remembers having asked them. O(packets).
  virtual void forget(std::span<const AnalyzerId> analyzers) = 0;

  /// When on_timer() is next due; `never` if it is not. May change in a turn.
  virtual TimePoint next_timer() const = 0;
  virtual void on_timer(TimePoint now) = 0;

  /// From now on no request is kept waiting: those not under way are handed
  /// back. What was accepted goes on being delivered.
  virtual void begin_drain(TimePoint now) = 0;
  /// Nothing is queued, waiting or in flight, and no request waits for the store.
  virtual bool idle() const = 0;
  /// When the oldest packet that is not settled was admitted, wherever it is; `never`:
  /// there is none.
  virtual TimePoint oldest_admitted() const = 0;
  /// The grace is over: no attempt is begun any more; the caller ends those under
  /// way through the upstream. Once none is, the accepted packets that are left
  /// are dead-lettered (`shutdown`) by dead_letter_until(), as the caller says, for
  /// they are to be kept oldest first over all loops.
  virtual void give_up(TimePoint now) = 0;
  virtual bool has_attempts() const = 0;
  /// After give_up(): when the oldest packet left was admitted; `never`: none is.
  virtual TimePoint oldest_left() = 0;
  /// After give_up(): dead-letters what was admitted until then, oldest first.
  virtual void dead_letter_until(TimePoint admitted_at) = 0;
  /// Accepted packets that were dead-lettered so.
  virtual std::size_t given_up() const = 0;
};

/// The one there is. `parts` outlive it.
std::unique_ptr<Dispatcher> make_dispatcher(const DispatcherOptions& options, const DispatcherParts& parts);

}  // namespace logdist::dispatch
