// The body of /v1/status.
#pragma once

#include <string>
#include <string_view>

#include "logdist/metrics/scrape.hpp"

namespace logdist::admin {

/// `scrape` as JSON: version, readiness, queue, totals, ledger, analyzers. Units
/// are in the names; amounts are {"packets", "messages"}, latencies quantiles.
std::string to_status_json(const metrics::Scrape& scrape, bool ready, std::string_view version);

}  // namespace logdist::admin
