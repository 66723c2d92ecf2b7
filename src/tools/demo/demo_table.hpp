// What the demo prints: how the messages were shared, and how far from the target.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "logdist/telemetry/scrape.hpp"
#include "logdist/tools/agent/agent.hpp"

namespace logdist::tools {

/// One analyzer's line, as it counted itself.
struct DemoRow {
  std::string name;
  std::uint64_t weight = 0;
  std::uint64_t packets = 0;
  std::uint64_t messages = 0;
};

/// Messages beyond (positive) or below the target share of all in `rows`.
double error_messages(const DemoRow& row, const std::vector<DemoRow>& rows);

/// One line: the shares so far.
void print_live(const std::vector<DemoRow>& rows);

/// The closing table. True when all that was accepted was delivered, each share
/// is exact to one packet and the books balance; says so.
bool print_summary(const std::vector<DemoRow>& rows, const AgentResult& agent, const telemetry::Scrape& scrape);

}  // namespace logdist::tools
