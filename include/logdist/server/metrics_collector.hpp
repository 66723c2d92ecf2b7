// One scrape: a coherent copy of every loop's counters, and what the daemon adds.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "logdist/config/analyzer_list.hpp"
#include "logdist/ingest/connection_slots.hpp"
#include "logdist/server/loop.hpp"
#include "logdist/server/shared_state.hpp"
#include "logdist/telemetry/scrape.hpp"

namespace logdist::server {

/// Asks every loop for a copy of its counters, made between two of its events, and calls
/// `done` on the control thread when all have answered. Loops never block, so that is soon.
/// Call it on the control thread; what it refers to must
/// outlive the answer, or the control io_context must have stopped by then.
void collect_metrics(boost::asio::io_context& control, const std::vector<std::unique_ptr<Loop>>& loops,
                     SharedState& shared, const ingest::ConnectionSlots& connections,
                     std::function<void(telemetry::Scrape)> done);

/// Fills in what `scrape` shows of each analyzer; `views` are by AnalyzerId. Analyzers of one name are shown as
/// one, the last, so that its counters continue when it returns. Folded ones are shown as one, `folded_name`. So
/// the sums over all equal those of the ledger.
void show_analyzers(telemetry::Scrape& scrape, const registry::AnalyzerRegistry& registry,
                    const std::vector<dispatch::AnalyzerView>& views);

/// No analyzer can be configured with it.
inline constexpr std::string_view folded_name = config::gone_name;

}  // namespace logdist::server
