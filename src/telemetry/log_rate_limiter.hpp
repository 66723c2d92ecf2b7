// Which lines of the log are written, and which are only counted.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "logdist/base/time.hpp"
#include "telemetry/line.hpp"

namespace logdist::log {

/// Lets the first lines of a kind through in each interval and counts the rest.
/// Sans-I/O; not thread-safe.
class LogRateLimiter {
 public:
  static constexpr std::uint32_t lines_max = 5;  ///< of one kind in one interval
  static constexpr Duration interval = std::chrono::seconds(10);

  /// Whether `line` is to be written at `now`; when not, it is counted.
  bool admit(const Line& line, TimePoint now);

  /// One line for each kind of which lines were left out, when its interval is over
  /// at `now`; `never` takes all there are.
  std::vector<Line> take_due(TimePoint now);
  /// When take_due() next has something; `never` while nothing was left out.
  TimePoint next_due() const;

 private:
  /// One kind in its present interval.
  struct Kind {
    TimePoint ends_at{};
    std::uint32_t written = 0;
    std::uint64_t left_out = 0;
    Line last;  ///< that was left out
  };

  void forget_quiet(TimePoint now);

  std::map<std::string, Kind> kinds_;
};

}  // namespace logdist::log
