// One scrape: a coherent copy of every loop's books, and what the daemon adds.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "app/loop.hpp"
#include "app/shared.hpp"
#include "logdist/ingest/connection_slots.hpp"
#include "logdist/metrics/scrape.hpp"

namespace logdist::app {

/// Asks every loop for a copy of its books, made between two of its events, and
/// calls `done` on the control thread when all have answered. Loops never block,
/// so that is soon. Call it on the control thread; what it refers to must
/// outlive the answer, or the control io_context must have stopped by then.
void gather_scrape(boost::asio::io_context& control, const std::vector<std::unique_ptr<Loop>>& loops,
                   const Shared& shared, const ingest::ConnectionSlots& connections,
                   std::function<void(metrics::Scrape)> done);

}  // namespace logdist::app
