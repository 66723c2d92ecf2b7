// What `top` shows of a daemon. Pure: no terminal, no clock, no connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "logdist/base/time.hpp"
#include "tools/top/top_status.hpp"
#include "tools/top/top_table.hpp"
#include "tools/top/top_text.hpp"

namespace logdist::tools {

/// All that is known.
struct Snapshot {
  std::optional<TopStatus> now{};     ///< the newest status; none yet
  std::optional<TopStatus> before{};  ///< the one before it, of the same life of the daemon
  std::string where{};                ///< the URL that is asked
  std::string clock{};                ///< the time, for people
  std::string away{};                 ///< why there is nothing newer; empty while there is
  TopOrder order = TopOrder::trouble;
  std::size_t first = 0;  ///< analyzers scrolled past
};

/// At most `rows` lines of at most `columns` each; what is cut ends with an ellipsis.
/// Where rows are few the analyzers get most of them. Rates, shares and latencies are
/// of the time between both statuses.
std::vector<Line> top_screen(const Snapshot& snapshot, std::size_t columns, std::size_t rows);

/// The essence on one line, for pipes and files.
std::string top_line(const Snapshot& snapshot);

/// What pipes and files get, look by look.
class EventLog {
 public:
  /// The events since the last look, a line each, then the essence. Nothing while a
  /// daemon stays away for the same reason, but once a minute.
  std::vector<std::string> lines_of(const Snapshot& snapshot, TimePoint now);

 private:
  std::optional<std::uint64_t> last_event_{};  ///< number of the newest seen; none: no look yet
  std::string told_away_{};
  TimePoint told_at_{};
};

}  // namespace logdist::tools
