// What the agent prints.
#pragma once

#include <string>

#include "logdist/tools/agent/agent.hpp"

namespace logdist::tools {

/// One line, without its end: how far it is, and the rate since `before`.
std::string progress_line(const AgentResult& before, const AgentResult& now);

/// The end of a run, as lines of a name and its values.
std::string summary(const AgentResult& result);

/// With three digits that count and a fitting unit: `850 us`, `1.24 ms`, `12.4 s`.
std::string format_latency(Duration duration);

}  // namespace logdist::tools
