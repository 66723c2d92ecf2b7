// Whether analyzers that are well are served more slowly than they need be.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/e2e/daemon_process.hpp"
#include "tests/e2e/samples.hpp"
#include "tests/e2e/wait.hpp"

namespace logdist::e2e {

/// How long the attempts at some analyzers took between two scrapes. A value.
class Durations {
 public:
  Durations(const Samples& before, const Samples& after, const std::vector<std::string>& analyzers);

  double count() const { return at_most_.empty() ? 0 : at_most_.rbegin()->second; }
  /// The time that 99 in 100 did not exceed, interpolated in its bucket; 0 when there were none.
  double p99_seconds() const;

 private:
  std::map<double, double> at_most_;  ///< how many took at most so many seconds
};

/// Less than this is never slow: it is what the kernel needs to give a core to all
/// who want one.
inline constexpr double never_slow_seconds = sanitized ? 0.1 : 0.02;

/// Whether 99 in 100 of `measured` took more than three times what they took `elsewhere`.
bool is_slowed(const Durations& measured, const Durations& elsewhere);

/// `send` sends the same packets to the daemon and to its twin, which has no analyzer
/// that is ill, at the same time: whether attempts at `analyzers` took too long beside
/// those of the twin. What the machine does by itself, it does to both. Prints both figures.
bool are_slowed(const std::vector<std::string>& analyzers, DaemonProcess& daemon, DaemonProcess& twin,
                const std::function<void()>& send);

/// Whether this run judges durations: scripts/timing asks for it. Elsewhere they are printed
/// only, since other programs may have the cores.
bool judges_durations();

/// Whether `slowed` says so four times in a row; before each but the first, the trouble is
/// made to `begin_anew`. A busy machine may hold up one of the two now and then; trouble
/// that slows the others does it each time.
bool are_slowed_each_time(const std::function<bool()>& slowed, const std::function<void()>& begin_anew);

/// The same where durations are judged; elsewhere false, after one measurement.
bool are_judged_slowed(const std::function<bool()>& slowed, const std::function<void()>& begin_anew);

}  // namespace logdist::e2e
