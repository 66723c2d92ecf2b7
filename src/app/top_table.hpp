// The table of the analyzers, as wide as there is room for.
#pragma once

#include <cstddef>
#include <vector>

#include "app/top_status.hpp"
#include "app/top_text.hpp"

namespace logdist::app {

/// All that may have packets: those configured, then the removed ones that still have
/// packets in flight.
std::vector<TopAnalyzer> analyzers_at_work(const TopStatus& status);

/// A head and a line for each analyzer at work, each at most `columns` wide: what matters
/// least is left out. Rates, shares and latencies are of the time between both;
/// `before` may be null.
std::vector<Line> analyzer_table(const TopStatus& now, const TopStatus* before, std::size_t columns);

/// "healthy", "testing", "failed", "removed"; of a healthy one that gets nothing: why.
Span condition_of(const TopAnalyzer& analyzer);

/// Part of the messages delivered between both that went to it; below 0 when
/// nothing was.
double recent_share(const TopAnalyzer& analyzer, const TopStatus& now, const TopStatus* before);

}  // namespace logdist::app
