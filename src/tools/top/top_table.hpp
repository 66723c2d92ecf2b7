// The table of the analyzers, as wide as there is room for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tools/top/top_status.hpp"
#include "tools/top/top_text.hpp"

namespace logdist::tools {

/// In which order the analyzers are shown.
enum class TopOrder : std::uint8_t {
  trouble,     ///< those that have failed first, then those out of service, then the others as configured
  configured,  ///< as in the configuration
  name,
  rate,      ///< the most messages delivered since the last look first
  failures,  ///< the most failures first
};
inline constexpr std::size_t top_order_count = 5;
const char* to_string(TopOrder order);

/// All that may have packets: those configured, then the removed ones that still have
/// packets in flight.
std::vector<TopAnalyzer> analyzers_at_work(const TopStatus& status);

/// The same in that order; `before` may be null.
std::vector<TopAnalyzer> analyzers_at_work(const TopStatus& status, const TopStatus* before, TopOrder order);

/// A head and a line for each analyzer at work, each at most `columns` wide: what matters
/// least is left out. Rates, shares and latencies are of the time between both;
/// `before` may be null.
std::vector<Line> analyzer_table(const TopStatus& now, const TopStatus* before, std::size_t columns,
                                 TopOrder order = TopOrder::configured);

/// "healthy", "testing", "failed", "removed", and whatever else keeps it out of service:
/// "failed, drained", "failed, ejected", "paused".
Span condition_of(const TopAnalyzer& analyzer);

/// Part of the messages delivered between both that went to it; below 0 when
/// nothing was.
double recent_share(const TopAnalyzer& analyzer, const TopStatus& now, const TopStatus* before);

}  // namespace logdist::tools
