// The seam between deciding and sending.
//
// Dispatch decides which analyzer gets which packet; an Upstream carries it
// there and says how it ended. Two implementations exist: PoolUpstream over
// sockets, and the simulated one of the tests. One per loop, confined to it.
#pragma once

#include <cstdint>
#include <optional>

#include <boost/intrusive/list.hpp>

#include "logdist/base/ids.hpp"
#include "logdist/base/outcome.hpp"
#include "logdist/base/time.hpp"
#include "logdist/packet/packet.hpp"

namespace logdist::upstream {

/// One packet under way to one analyzer. Owned by dispatch, which keeps it and
/// its packet alive and unchanged until the listener is told how it ended. The
/// hook is the upstream's to use meanwhile.
struct Attempt : boost::intrusive::list_base_hook<> {
  const packet::Packet* packet = nullptr;
  AnalyzerId analyzer = 0;
  std::uint32_t health_epoch = 0;  ///< of the analyzer when the attempt was begun
  bool retried_stale = false;      ///< sent again after a kept connection had closed idle
  TimePoint begun{};
};

/// How an attempt ended.
struct AttemptResult {
  Outcome outcome = Outcome::unsent;
  unsigned status = 0;            ///< HTTP status, 0 when there was no whole answer
  std::optional<Duration> pause;  ///< for Outcome::paused, when the analyzer named it
  /// Whether this result counts towards the analyzer's health. A connection that
  /// breaks under k packets is one failure, not k.
  bool counts_for_health = true;
};

/// Who is told. Called from within send(), flush(), recall() or an I/O handler,
/// on the loop's thread; the attempt is dispatch's again from then on.
class AttemptListener {
 public:
  virtual void attempt_ended(upstream::Attempt& attempt, const AttemptResult& result, TimePoint now) = 0;

  /// The most packets that the analyzer's connections take has changed: it
  /// turned out to close after each answer, or to keep them open after all.
  virtual void capacity_changed(AnalyzerId analyzer, std::uint32_t packets) = 0;

 protected:
  ~AttemptListener() = default;
};

/// See the head of this file.
class Upstream {
 public:
  virtual ~Upstream() = default;

  /// Takes `attempt` in hand. Its first byte may leave now or at flush().
  virtual void send(Attempt& attempt, TimePoint now) = 0;

  /// End of a turn of the loop: writes out all that was gathered since the last,
  /// one gathered write a connection.
  virtual void flush(TimePoint now) = 0;

  /// Gives back, as Outcome::unsent, the attempts at `analyzer` of which no byte
  /// was written yet: it left service.
  virtual void recall(AnalyzerId analyzer, TimePoint now) = 0;
};

}  // namespace logdist::upstream
