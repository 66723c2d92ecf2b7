// The seam between receiving and delivering.
//
// A session fills a Delivery and admits it; dispatch takes it from there. Two
// implementations exist: dispatch::Dispatcher, and the scripted one of the tests.
// One per loop, confined to it.
#pragma once

#include <chrono>

#include "logdist/base/time.hpp"
#include "logdist/queue/delivery.hpp"

namespace logdist::queue {

/// See the head of this file.
class PacketSink {
 public:
  virtual ~PacketSink() = default;

  /// An empty delivery to fill in (`packet` only), recycled where possible. Ends
  /// in admit() or discard().
  virtual Delivery& make() = 0;
  /// Gives back one that was never admitted.
  virtual void discard(Delivery& delivery) = 0;

  /// Admits a filled delivery. When it is queued, `waiter` is not kept. When it
  /// waits, `waiter` is told once, unless abandon() comes first.
  virtual Admission admit(Delivery& delivery, Waiter& waiter, TimePoint now) = 0;

  /// The agent of a waiting delivery has gone: no new attempt is begun, one under
  /// way is awaited and decides. The waiter is not told any more.
  virtual void abandon(Delivery& delivery, TimePoint now) = 0;

  /// When an agent that is sent away now had best come again: 1 to 60 seconds.
  virtual std::chrono::seconds retry_after(TimePoint now) const = 0;
};

}  // namespace logdist::queue
