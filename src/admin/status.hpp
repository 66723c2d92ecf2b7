// What /v1/status and /v1/events say, as JSON.
#pragma once

#include <string>
#include <string_view>

#include "logdist/admin/server.hpp"
#include "logdist/telemetry/scrape.hpp"

namespace logdist::admin {

/// What is known of the daemon besides its scrape.
struct StatusFacts {
  std::string_view version;
  std::string why_not_ready;  ///< in a line; empty when ready
  Duration uptime{};
};

StatusFacts facts_of(const Sources& sources);

/// For people and programs that ask now and then: several lines, the newest events
/// included. Units are in the names; amounts are {"packets", "messages"}; latencies
/// are quantiles since the start, and the counts by upper bound, for whoever wants
/// those of a shorter time.
std::string to_status_json(const telemetry::Scrape& scrape, const StatusFacts& facts, const EventLog& events);

/// The same on one line, without events.
std::string to_status_line(const telemetry::Scrape& scrape, const StatusFacts& facts);

/// One event on one line: number, at (UTC), kind, warning, analyzer, text.
std::string to_event_line(const Event& event);

}  // namespace logdist::admin
