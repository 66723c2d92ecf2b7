// What all loops decide together: which analyzer each packet goes to, and who
// is in service. One for the daemon.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "logdist/balance/selector.hpp"
#include "logdist/base/ids.hpp"
#include "logdist/base/outcome.hpp"
#include "logdist/base/time.hpp"
#include "logdist/health/health.hpp"

namespace logdist::dispatch {

struct SchedulerOptions {
  balance::SelectorOptions balance;
  health::MonitorOptions health;
  Duration pause_initial{};  ///< pause after a 429 that names no time
  std::uint32_t max_connections = 32;
  std::uint32_t pipeline = 16;
  std::uint64_t seed = 0;
};

/// One analyzer as the scheduler knows it.
struct AnalyzerSpec {
  std::uint64_t weight_units = 0;
  std::uint32_t max_in_flight = 256;
};

/// An analyzer's state, copied coherently for status and metrics.
struct AnalyzerView {
  health::State state = health::State::healthy;
  bool in_service = true;
  bool paused = false;
  std::uint32_t slots = 0;  ///< bound on packets in flight now, ramp included
  balance::Account account;
  std::uint64_t failures = 0;  ///< counted towards health, since the start
};

}  // namespace logdist::dispatch
