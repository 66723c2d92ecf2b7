// The seam between dispatch and what keeps the packets that no analyzer takes.
#pragma once

#include <cstdint>

#include "logdist/base/outcome.hpp"
#include "logdist/base/time.hpp"
#include "logdist/core/packet.hpp"
#include "logdist/retry/history.hpp"

namespace logdist::sink {

/// A packet that no analyzer will take, and how it has fared. The references are
/// good for the call that is given it.
struct DeadLetter {
  const core::Packet& packet;
  DeadLetterReason reason;
  TimePoint admitted_at;
  std::uint32_t attempts;  ///< begun and heard of
  const retry::History& history;
};

/// Where packets go that no analyzer will take.
class DeadLetters {
 public:
  /// Keeps a copy of what it needs. Called on the loop's thread; implementations
  /// that serve several loops are thread-safe.
  virtual void put(const DeadLetter& letter) = 0;

 protected:
  ~DeadLetters() = default;
};

}  // namespace logdist::sink
