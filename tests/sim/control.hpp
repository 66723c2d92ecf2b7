// The control thread of the daemon, driven by simulated time as registry::HealthDriver
// drives it by the real one; the probes are simulated.
#pragma once

#include "logdist/dispatch/load_balancer.hpp"
#include "tests/sim/stage.hpp"

namespace logdist::sim {

/// The daemon's control thread in simulated time.
class Control {
 public:
  Control(Stage& stage, dispatch::LoadBalancer& balancer) : stage_(stage), balancer_(balancer) {}

  /// A tick is wanted soon.
  void wake();
  bool tick_pending() const { return tick_pending_; }

 private:
  void tick();
  void begin_probe(const dispatch::ProbeOrder& order);

  Stage& stage_;
  dispatch::LoadBalancer& balancer_;
  bool tick_pending_ = false;
  std::uint64_t timer_ = 0;  ///< number of the timer that counts; those set before it are void
};

}  // namespace logdist::sim
