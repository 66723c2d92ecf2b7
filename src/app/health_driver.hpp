// Drives the scheduler's clock on the control thread: back-offs, pauses, ramps
// and probes, and logs how analyzers fare.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "logdist/config/options.hpp"
#include "logdist/dispatch/scheduler.hpp"
#include "logdist/probe/prober.hpp"
#include "logdist/upstream/name_resolver.hpp"

namespace logdist::app {

/// Confined to the control thread, but for wake(). `io` must not run its
/// handlers any more when it is destroyed.
class HealthDriver {
 public:
  HealthDriver(boost::asio::io_context& io, dispatch::Scheduler& scheduler, upstream::NameResolver& names,
               const config::Options& options);

  void start() { tick(); }
  void stop();

  /// The scheduler has something new for the control thread. Any thread; cheap
  /// when the last wake has not been heard yet.
  void wake();

 private:
  /// One analyzer's pauses in the log.
  struct PauseLines {
    TimePoint next_at = TimePoint::min();
    std::uint64_t unsaid = 0;
  };

  void tick();
  void begin_probe(const dispatch::ProbeOrder& order);
  void log_changes();
  void log_pauses(TimePoint now);

  boost::asio::io_context& io_;
  dispatch::Scheduler& scheduler_;
  std::optional<probe::Prober> prober_;  ///< none when probing is off
  std::vector<std::string> names_;       ///< by AnalyzerId
  std::vector<bool> path_missing_;       ///< the warning was given; by AnalyzerId
  std::vector<PauseLines> pause_lines_;  ///< by AnalyzerId
  boost::asio::steady_timer timer_;
  std::atomic<bool> wake_pending_{false};
  bool stopped_ = false;
};

}  // namespace logdist::app
