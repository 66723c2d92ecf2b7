// The types of time that the whole project uses.
//
// Floors 0 to 2 never read a clock: they take `now` as an argument, so that a
// simulation can run hours in a second. Only higher floors call Clock::now().
#pragma once

#include <chrono>

namespace logdist {

/// Monotonic clock for timeouts, back-off and latencies.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

/// "Never": later than every point in time a daemon can reach.
inline constexpr TimePoint never = TimePoint::max();

/// `duration` in seconds, as metrics and JSON show it.
constexpr double to_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace logdist
