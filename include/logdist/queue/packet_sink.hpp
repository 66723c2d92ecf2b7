// The interface between receiving and delivering.
#pragma once

#include <chrono>

#include "logdist/base/time.hpp"
#include "logdist/queue/delivery.hpp"

namespace logdist::queue {

/// Takes packets: a session fills a Delivery and admits it, and dispatch delivers it.
/// There are two implementations: dispatch::Dispatcher, and a scripted one for tests.
/// One per loop, confined to its thread. Owns the deliveries. No call fails: a full queue
/// is Admission::waiting.
class PacketSink {
 public:
  virtual ~PacketSink() = default;

  /// An empty delivery to fill in (`packet` only), recycled where possible. Ends
  /// in admit() or discard().
  virtual Delivery& make() = 0;
  /// Gives back one that was never admitted.
  virtual void discard(Delivery& delivery) = 0;

  /// Admits a filled delivery. If it is queued, `waiter` is not kept. If it waits or is
  /// pending, `waiter` is called once, unless abandon() comes first.
  virtual Admission admit(Delivery& delivery, Waiter& waiter, TimePoint now) = 0;

  /// The agent of a waiting delivery has gone: no new attempt is begun; one in flight
  /// is awaited and decides. A pending one is delivered all the same, if it is stored.
  /// The waiter is not called any more.
  virtual void abandon(Delivery& delivery, TimePoint now) = 0;

  /// Whether a packet that comes now is queued, or may be delivered at once: what tells agents that ask
  /// beforehand. Takes locks: not for each packet.
  virtual bool takes_packets() const = 0;

  /// After how long an agent that is sent away now should try again: 1 to 60 seconds.
  virtual std::chrono::seconds retry_after(TimePoint now) const = 0;
};

}  // namespace logdist::queue
