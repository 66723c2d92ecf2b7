// A packet on its way through the house, and who waits for it.
#pragma once

#include <cstdint>
#include <string>

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>

#include "logdist/balance/selector.hpp"
#include "logdist/base/time.hpp"
#include "logdist/core/attempt.hpp"
#include "logdist/core/packet.hpp"
#include "logdist/queue/log/log_position.hpp"
#include "logdist/retry/history.hpp"
#include "logdist/retry/retry_state.hpp"

namespace logdist::queue {

/// How a waiting request's packet ended.
enum class Settlement : std::uint8_t {
  delivered,      ///< an analyzer took it: 200
  handed_back,    ///< none took it in time, or we are draining: 503, it is the agent's again
  dead_lettered,  ///< no analyzer will take it; it is kept as a dead letter
  not_stored,     ///< the store did not keep it, and no analyzer has taken it: 503, it is the agent's again
};

/// A request that waits for its own delivery (caller-runs, or ack `delivered`), or for its packet to be stored.
class Waiter {
 public:
  /// Told once, on the loop's thread, never from within admit(). The delivery is
  /// recycled afterwards.
  virtual void settled(Settlement settlement) = 0;

  /// Called once instead of settled() after Admission::pending, when the packet is safe: stored, or with an analyzer,
  /// or kept as a dead letter. Answer 202; the delivery is no longer the request's.
  virtual void stored() {}

 protected:
  ~Waiter() = default;
};

/// What became of an admission.
enum class Admission : std::uint8_t {
  queued,   ///< has its place: answer 202, the delivery is no longer the request's
  waiting,  ///< the request runs with it: its Waiter is told the settlement
  pending,  ///< its Waiter is told when it is stored, or how it ended before that
};

/// Where a delivery is now.
enum class DeliveryState : std::uint8_t {
  free,            ///< recycled, to be made again
  filling,         ///< made, not yet admitted
  lane,            ///< not yet attempted
  retry,           ///< attempted before, or for one analyzer only; ready for an attempt
  between_rounds,  ///< waits for the next round over the analyzers
  in_flight,       ///< an attempt is under way
  storing,         ///< memory has no place for it: it is dropped once it is stored
  fetching,        ///< parked, and the store reads its body again
  ended,           ///< settled; the store still reads its bytes
};

struct StateTag;
struct RetryTag;
struct AnsweredTag;
struct WaiterTag;
struct AgeTag;

/// One packet and all that is known of its way. Recycled by its dispatcher, so
/// that the steady state allocates nothing.
struct Delivery : boost::intrusive::list_base_hook<boost::intrusive::tag<StateTag>>,
                  boost::intrusive::set_base_hook<boost::intrusive::tag<RetryTag>>,
                  boost::intrusive::set_base_hook<boost::intrusive::tag<AnsweredTag>>,
                  boost::intrusive::list_base_hook<boost::intrusive::tag<WaiterTag>>,
                  boost::intrusive::list_base_hook<boost::intrusive::tag<AgeTag>> {
  core::Packet packet;

  Delivery() = default;
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  retry::RetryState retry_state;
  retry::History history;
  core::Attempt attempt;
  balance::Charge charge;
  std::uint8_t charge_group = 0;  ///< of the analyzers that shared it
  TimePoint admitted_at{};
  TimePoint give_up_at = never;  ///< of a waiting request: no new attempt from then on
  TimePoint due_at{};            ///< when its next round begins, or its last one began; zero in the first
  TimePoint in_line_since{};     ///< its place among those that are ready for another attempt
  Waiter* waiter = nullptr;      ///< none when queued or abandoned
  DeliveryState state = DeliveryState::free;
  bool holds_queue_place = false;
  bool accepted = false;       ///< its agent has its 202, or never waits for one: ours to settle
  bool abandoned = false;      ///< its agent has gone
  bool report_due = false;     ///< the store has not reported: it reads packet and `store_metadata`
  bool parked = false;         ///< its body is on the disk only, and it holds no place in the queue
  std::size_t parked_bytes{};  ///< that it takes of the queue when it is back
  std::uint64_t store_id = 0;  ///< 0: it is not in the store
  LogPosition store_place{};   ///< of its record, as far as the store has told
  std::string store_metadata;  ///< the store's own
};

/// The older first; those of one moment in the order they were entered.
struct OlderDelivery {
  bool operator()(const Delivery& one, const Delivery& other) const { return one.admitted_at < other.admitted_at; }
};

/// The first in line first; those of one moment in the order they were entered.
struct EarlierInLine {
  bool operator()(const Delivery& one, const Delivery& other) const { return one.in_line_since < other.in_line_since; }
};

/// The deliveries in one state, the requests that wait, and all that are not settled.
using DeliveryList = boost::intrusive::list<
    Delivery, boost::intrusive::base_hook<boost::intrusive::list_base_hook<boost::intrusive::tag<StateTag>>>>;
/// Deliveries in an order, where they come in any.
template <typename Tag, typename Order>
using OrderedDeliveries =
    boost::intrusive::multiset<Delivery,
                               boost::intrusive::base_hook<boost::intrusive::set_base_hook<boost::intrusive::tag<Tag>>>,
                               boost::intrusive::compare<Order>>;
using AnsweredDeliveries = OrderedDeliveries<AnsweredTag, OlderDelivery>;
using DeliveryLine = OrderedDeliveries<RetryTag, EarlierInLine>;
using WaiterList = boost::intrusive::list<
    Delivery, boost::intrusive::base_hook<boost::intrusive::list_base_hook<boost::intrusive::tag<WaiterTag>>>>;
using AgeList = boost::intrusive::list<
    Delivery, boost::intrusive::base_hook<boost::intrusive::list_base_hook<boost::intrusive::tag<AgeTag>>>>;

}  // namespace logdist::queue
