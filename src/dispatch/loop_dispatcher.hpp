// The dispatcher of a loop: where its packets are, and what a turn does with them.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "dispatch/retry_lists.hpp"
#include "logdist/base/random.hpp"
#include "logdist/dispatch/dispatcher.hpp"
#include "logdist/retry/history.hpp"

namespace logdist::dispatch {

class LoopDispatcher final : public Dispatcher {
 public:
  LoopDispatcher(const DispatcherOptions& options, const DispatcherParts& parts);
  ~LoopDispatcher() override;

  // dispatcher_store.cpp
  void reported(queue::Delivery& delivery, queue::StoreOutcome outcome, TimePoint now) override;
  void restore(queue::Delivery& delivery, bool has_place, TimePoint admitted_at) override;

  // dispatcher_parking.cpp
  void restore_in_exchange(queue::Delivery& delivery, TimePoint admitted_at) override;
  void fetched(queue::Delivery& delivery, queue::FetchOutcome outcome, TimePoint now) override;
  void offer_ended() override { has_offered_ = false; }

  // dispatcher_states.cpp
  void forget(std::span<const AnalyzerId> analyzers) override;

  // dispatcher.cpp
  queue::Delivery& make() override;
  void discard(queue::Delivery& delivery) override;
  queue::Admission admit(queue::Delivery& delivery, queue::Waiter& waiter, TimePoint now) override;
  void abandon(queue::Delivery& delivery, TimePoint now) override;
  bool takes_packets() const override;
  std::chrono::seconds retry_after(TimePoint now) const override;
  void turn(TimePoint now) override;
  TimePoint next_timer() const override;
  void on_timer(TimePoint now) override;
  void begin_drain(TimePoint now) override;
  bool idle() const override;
  TimePoint oldest_admitted() const override { return unsettled_.empty() ? never : unsettled_.front().admitted_at; }
  void give_up(TimePoint now) override;
  bool has_attempts() const override { return in_flight_ > 0; }
  TimePoint oldest_left() override;
  void dead_letter_until(TimePoint admitted_at) override;
  std::size_t given_up() const override { return given_up_; }
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
