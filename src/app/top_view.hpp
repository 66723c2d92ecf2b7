// What `top` shows of a daemon. Pure: no terminal, no clock, no connection.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "app/top_status.hpp"
#include "app/top_text.hpp"

namespace logdist::app {

/// All that is known.
struct TopSight {
  std::optional<TopStatus> now{};     ///< the newest status; none yet
  std::optional<TopStatus> before{};  ///< the one before it, of the same life of the daemon
  std::string where{};                ///< the URL that is asked
  std::string clock{};                ///< the time, for people
  std::string away{};                 ///< why there is nothing newer; empty while there is
};

/// At most `rows` lines of at most `columns` each. Rates, shares and latencies are
/// of the time between both statuses.
std::vector<Line> top_screen(const TopSight& sight, std::size_t columns, std::size_t rows);

/// The essence on one line, for pipes and files.
std::string top_line(const TopSight& sight);

}  // namespace logdist::app
