// A simulated agent of a daemon with the durable queue: one connection at a time, one packet after the other.
#pragma once

#include <cstdint>

#include "logdist/queue/delivery.hpp"
#include "tests/sim/analyzer.hpp"
#include "tests/sim/loop.hpp"
#include "tests/sim/stage.hpp"

namespace logdist::sim {

/// Does what a session does for its agent, but for bodies: they are there at once (Agent has those). Survives the
/// daemon: what it has no answer for then, it has no answer for.
class DiskAgent final : public queue::Waiter {
 public:
  DiskAgent(Stage& stage, const AgentPlan& plan);

  /// A daemon is up, and this is the loop of its connection.
  void connect(Loop& loop);
  /// The daemon takes no more packets, or is no more: nothing is sent. An answer may come.
  void disconnect();
  /// No more packets; what was admitted is waited for.
  void stop() { stopped_ = true; }

  void settled(queue::Settlement settlement) override;
  void stored() override;

 private:
  void send_after(Duration pause);
  void send();
  void wait(queue::Delivery& delivery);

  Stage& stage_;
  const AgentPlan plan_;
  Draws draws_;
  Loop* loop_ = nullptr;
  TraitSequence traits_;
  std::uint64_t begun_count_ = 0;
  bool stopped_ = false;
  bool waits_ = false;
  std::uint64_t waits_with_ = 0;  ///< serial of the packet it waits for
};

}  // namespace logdist::sim
