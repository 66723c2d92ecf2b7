// The seam between deciding and sending.
#pragma once

#include <cstdint>

#include "logdist/base/ids.hpp"
#include "logdist/base/time.hpp"
#include "logdist/core/attempt.hpp"

namespace logdist::sink {

/// Who is told. Called from within send(), flush(), recall() or an I/O handler,
/// on the loop's thread; the attempt is dispatch's again from then on.
class AttemptListener {
 public:
  virtual void attempt_ended(core::Attempt& attempt, const core::AttemptResult& result, TimePoint now) = 0;

  /// The most packets that the analyzer's connections take, those of all loops
  /// together, has changed: it turned out to close after each answer, or to keep
  /// them open after all. Told by the loop that found it out.
  virtual void capacity_changed(AnalyzerId analyzer, std::uint32_t packets, TimePoint now) = 0;

  /// An answer that has delivered its packet says that so many of its messages were not taken.
  virtual void messages_refused(AnalyzerId analyzer, std::uint32_t messages) = 0;

 protected:
  ~AttemptListener() = default;
};

/// Dispatch decides which analyzer gets which packet; an Upstream carries it
/// there and says how it ended. Two implementations exist: PoolUpstream over
/// sockets, and the simulated one of the tests. One per loop, confined to it.
class Upstream {
 public:
  virtual ~Upstream() = default;

  /// Takes `attempt` in hand. Its first byte may leave now or at flush().
  virtual void send(core::Attempt& attempt, TimePoint now) = 0;

  /// End of a turn of the loop: writes out all that was gathered since the last,
  /// one gathered write a connection.
  virtual void flush(TimePoint now) = 0;

  /// Gives back, as Outcome::unsent, the attempts at `analyzer` of which no byte
  /// was written yet: it left service.
  virtual void recall(AnalyzerId analyzer, TimePoint now) = 0;
};

}  // namespace logdist::sink
