// Dispatch: one loop's lane of the work queue and the packets under way from it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "logdist/base/outcome.hpp"
#include "logdist/base/random.hpp"
#include "logdist/base/time.hpp"
#include "logdist/core/attempt.hpp"
#include "logdist/dispatch/load_balancer.hpp"
#include "logdist/dispatch/retry_lists.hpp"
#include "logdist/ledger/ledger.hpp"
#include "logdist/queue/ack_registry.hpp"
#include "logdist/queue/packet_sink.hpp"
#include "logdist/queue/queue_limits.hpp"
#include "logdist/queue/store.hpp"
#include "logdist/retry/history.hpp"
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
class Dispatcher final : public queue::PacketSink, public queue::StoreListener, public sink::AttemptListener {
 public:
  Dispatcher(const DispatcherOptions& options, const DispatcherParts& parts);
  ~Dispatcher() override;

  queue::Delivery& make() override;
  void discard(queue::Delivery& delivery) override;
  /// One that may go to an only analyzer is not stored, and takes no place of the queue: its waiter waits for its
  /// delivery.
  queue::Admission admit(queue::Delivery& delivery, queue::Waiter& waiter, TimePoint now) override;
  void abandon(queue::Delivery& delivery, TimePoint now) override;
  /// A packet that was read back from the store, with its `store_id`; it is ours. `has_place`: in the queue.
  void restore(queue::Delivery& delivery, bool has_place, TimePoint admitted_at);
  /// The same of one that takes its place from a packet that is parked instead, and is parked itself if there is none.
  void restore_in_exchange(queue::Delivery& delivery, TimePoint admitted_at);
  /// What became of a Store::fetch().
  void fetched(queue::Delivery& delivery, queue::FetchOutcome outcome, TimePoint now);
  /// What was read back for the last Store::offer() is here.
  void offer_ended() { has_offered_ = false; }
  /// While it is not draining, and a place of the queue or an analyzer in service is there.
  bool takes_packets() const override;
  /// Until an analyzer is back when none is there, else `congestion_pause`.
  std::chrono::seconds retry_after(TimePoint now) const override;

  /// A turn: reports what ended, places what can be placed, oldest first, and
  /// flushes the upstream.
  void turn(TimePoint now);

  /// These analyzers are gone and their ids will be others': no packet remembers having asked them. O(packets).
  void forget(std::span<const AnalyzerId> analyzers);

  /// When on_timer() is next due; `never` if it is not. May change in a turn.
  TimePoint next_timer() const;
  void on_timer(TimePoint now);

  /// From now on no request is kept waiting: those not under way are handed
  /// back. What was accepted goes on being delivered.
  void begin_drain(TimePoint now);
  /// Nothing is queued, waiting or in flight, and no request waits for the store.
  bool idle() const;
  /// When the oldest packet that is not settled was admitted, wherever it is; `never`:
  /// there is none.
  TimePoint oldest_admitted() const { return unsettled_.empty() ? never : unsettled_.front().admitted_at; }
  /// The grace is over: no attempt is begun any more; the caller ends those under
  /// way through the upstream. Once none is, the accepted packets that are left
  /// are dead-lettered (`shutdown`) by dead_letter_until(), as the caller says, for
  /// they are to be kept oldest first over all loops.
  void give_up(TimePoint now);
  bool has_attempts() const { return in_flight_ > 0; }
  /// After give_up(): when the oldest packet left was admitted; `never`: none is.
  TimePoint oldest_left();
  /// After give_up(): dead-letters what was admitted until then, oldest first.
  void dead_letter_until(TimePoint admitted_at);
  /// Accepted packets that were dead-lettered so.
  std::size_t given_up() const { return given_up_; }

  void reported(queue::Delivery& delivery, queue::StoreOutcome outcome, TimePoint now) override;
  void attempt_ended(core::Attempt& attempt, const core::AttemptResult& result, TimePoint now) override;
  void capacity_changed(AnalyzerId analyzer, std::uint32_t packets, TimePoint now) override;
  void messages_refused(AnalyzerId analyzer, std::uint32_t messages) override;

 private:
  /// What a turn does with a packet whose attempt or round has ended.
  enum class Disposition : std::uint8_t { moved, delivered, refused, poison, too_old, handed_back };

  struct Finished {
    queue::Delivery* delivery;
    core::AttemptResult result;
    Duration duration;  ///< of the attempt
    Disposition disposition = Disposition::moved;
    retry::Taken taken{};  ///< by the analyzer, until then
  };
  struct Placed {
    queue::Delivery* delivery;
    Placement placement;
  };

  // Steps of a turn, in their order; those with a PlacementBatch run under the load balancer's lock.
  void report(LoadBalancer::PlacementBatch& shared, TimePoint now);
  Disposition route(LoadBalancer::PlacementBatch& shared, const Finished& finished, TimePoint now);
  Disposition end_round(const LoadBalancer::PlacementBatch& shared, queue::Delivery& delivery, TimePoint now);
  void enter_waiting(queue::Delivery& delivery);
  void place(LoadBalancer::PlacementBatch& shared, TimePoint now);
  void place_oldest_first(LoadBalancer::PlacementBatch& shared);
  void place_left_over(LoadBalancer::PlacementBatch& shared);
  bool try_to_place(LoadBalancer::PlacementBatch& shared, queue::Delivery& delivery);
  void note_waiting(LoadBalancer::PlacementBatch& shared);
  void end_stranded_rounds(LoadBalancer::PlacementBatch& shared, TimePoint now);
  void settle_finished(TimePoint now);
  void send_placed(TimePoint now);

  // Comings and goings of the places, each with its count in the ledger.
  void enter_lane(queue::Delivery& delivery);
  void enter_retry(queue::Delivery& delivery);
  RetryLists& retries_of(const queue::Delivery& delivery) {
    if (delivery.parked) return delivery.retry_state.suspect() ? parked_suspects_ : parked_;
    return delivery.retry_state.suspect() ? suspects_ : retry_;
  }
  /// Between rounds, by the begin of the next.
  using Rounds = std::multimap<TimePoint, queue::Delivery*>;
  Rounds& rounds_of(const queue::Delivery& delivery) { return delivery.parked ? parked_rounds_ : between_rounds_; }
  void enter_between_rounds(queue::Delivery& delivery, Duration wait, TimePoint now);
  void leave_state(queue::Delivery& delivery);
  void enter_books(const queue::Delivery& delivery);
  void unlist(queue::Delivery& delivery);

  // dispatcher_store.cpp: what the store has to do with it.
  bool take_place(queue::Delivery& delivery);
  void accept_stored(queue::Delivery& delivery);
  void refuse_stored(queue::Delivery& delivery, queue::StoreOutcome outcome);
  void drop_from_memory(queue::Delivery& delivery);
  void stop_waiting_for_store(queue::Delivery& delivery);

  // dispatcher_parking.cpp: whose body leaves memory for that of another.
  void look_for_room(LoadBalancer::PlacementBatch& shared);
  void offer_places();
  void fetch_parked(LoadBalancer::PlacementBatch& shared);
  void fetch_parked_of(RetryLists& lists, std::size_t most, LoadBalancer::PlacementBatch& shared);
  bool any_parked_ready() const { return !parked_.empty() || !parked_suspects_.empty(); }
  void fetch(queue::Delivery& delivery);
  bool make_place(std::size_t bytes);
  void park(queue::Delivery& delivery);
  void drop_body(queue::Delivery& delivery);
  void lose(queue::Delivery& delivery);
  template <typename Visit>
  void visit_parkable(Visit visit);

  // Ends. Each recycles the delivery.
  void settle_delivered(queue::Delivery& delivery, TimePoint now);
  void dead_letter(queue::Delivery& delivery, DeadLetterReason reason);
  void hand_back(queue::Delivery& delivery);
  void end(queue::Delivery& delivery, queue::Settlement settlement);
  static void answer(queue::Delivery& delivery, queue::Settlement settlement);
  void unlink(queue::Delivery& delivery);
  void recycle(queue::Delivery& delivery);

  queue::DeliveryList& lane_of(const queue::Delivery& delivery) {
    return lanes_[static_cast<std::size_t>(delivery.packet.protocol)];
  }
  bool lanes_empty() const;
  queue::Delivery* oldest_of_lanes(core::ProtocolSet blocked);
  queue::Delivery* oldest_ready();
  bool too_old(queue::Delivery& delivery, TimePoint now);
  void end_too_old(TimePoint now);
  void unlink_waiter(queue::Delivery& delivery);
  bool must_hand_back(const queue::Delivery& delivery, TimePoint now) const;

  // Constant after construction.
  const DispatcherOptions options_;
  LoadBalancer& balancer_;
  queue::QueueLimits& bounds_;
  ledger::Ledger& ledger_;
  sink::Upstream& upstream_;
  sink::DeadLetters& dead_letters_;
  TurnRequest& turn_request_;
  queue::Store* const store_;
  queue::AckRegistry* const acks_;

  std::vector<std::unique_ptr<queue::Delivery>>
      all_;  ///< every delivery ever made here; outlives the lists they are in

  // Where the packets are.
  std::array<queue::DeliveryList, core::protocol_count> lanes_;  ///< not yet attempted, by protocol, oldest first
  RetryLists retry_;                                             ///< attempted before and ready again, not suspect
  RetryLists suspects_;                                          ///< the suspect ones
  RetryLists parked_;                                            ///< not suspect, and on the disk but for its body
  RetryLists parked_suspects_;
  Rounds between_rounds_;
  Rounds parked_rounds_;
  std::size_t in_flight_ = 0;
  std::size_t storing_ = 0;
  std::size_t parked_count_ = 0;        ///< wherever they are
  std::size_t fetching_ = 0;            ///< of them
  bool has_offered_ = false;            ///< and not heard
  bool has_room_elsewhere_ = false;     ///< analyzers have room, and nothing in memory may go there
  core::ProtocolSet unserved_;          ///< while that is so: nobody in service takes them
  TimePoint parked_look_at_ = never;    ///< whether parked packets may go anywhere now
  queue::AnsweredDeliveries answered_;  ///< wherever they are, while delivery.max_age is set
  std::uint64_t service_seen_ = 0;      ///< PlacementBatch::service_version() as of the last turn
  bool may_be_stranded_ = false;        ///< a retry was entered that nobody may suit
  queue::WaiterList waiters_;           ///< all requests that wait, wherever they are, oldest first
  queue::AgeList unsettled_;            ///< all packets, wherever they are, oldest first

  // Of one turn; members so that their memory is kept.
  std::vector<Finished> finished_;
  std::vector<Finished> reported_;
  std::vector<Placed> placed_;
  std::vector<AnalyzerId> recalls_;

  std::vector<queue::Delivery*> free_;
  Random random_;
  bool draining_ = false;
  bool giving_up_ = false;
  std::size_t given_up_ = 0;
};

}  // namespace logdist::dispatch
