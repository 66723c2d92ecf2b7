#include "tools/demo/demo_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include <fmt/format.h>

#include "logdist/base/counted.hpp"

namespace logdist::tools {
namespace {

/// The largest packet the demo's agent sends, in messages.
constexpr double largest_packet = 100;

std::uint64_t total(const std::vector<DemoRow>& rows, std::uint64_t DemoRow::*field) {
  return std::accumulate(rows.begin(), rows.end(), std::uint64_t{0},
                         [field](std::uint64_t sum, const DemoRow& row) { return sum + row.*field; });
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

double error_messages(const DemoRow& row, const std::vector<DemoRow>& rows) {
  const double target = share(row.weight, total(rows, &DemoRow::weight));
  return static_cast<double>(row.messages) - target * static_cast<double>(total(rows, &DemoRow::messages));
}

void print_live(const std::vector<DemoRow>& rows) {
  const std::uint64_t messages = total(rows, &DemoRow::messages);
  fmt::print("{:>8} packets {:>9} messages  ", total(rows, &DemoRow::packets), messages);
  for (const DemoRow& row : rows) fmt::print("  {} {:6.3f} %", row.name, 100 * share(row.messages, messages));
  fmt::print("\n");
  std::fflush(stdout);
}

bool print_summary(const std::vector<DemoRow>& rows, const AgentResult& agent, const telemetry::Scrape& scrape) {
  const std::uint64_t messages = total(rows, &DemoRow::messages);
  fmt::print("\n{:<9} {:>6} {:>13} {:>16} {:>9} {:>10} {:>18}\n", "analyzer", "weight", "target share",
             "delivered share", "packets", "messages", "error in messages");
  bool exact = true;
  for (const DemoRow& row : rows) {
    const double error = error_messages(row, rows);
    exact = exact && std::abs(error) <= largest_packet;
    fmt::print("{:<9} {:>6} {:>12.3f}% {:>15.3f}% {:>9} {:>10} {:>+18.1f}\n", row.name, row.weight,
               100 * share(row.weight, total(rows, &DemoRow::weight)), 100 * share(row.messages, messages), row.packets,
               row.messages, error);
  }
  const ledger::Amount imbalance = scrape.books.terms.imbalance();
  const bool complete = agent.all_accepted() && messages >= agent.messages_accepted;
  const bool balanced = imbalance == ledger::Amount{};
  fmt::print("\naccepted {}, {}; delivered {}, {}; ledger imbalance {}\n", counted(agent.packets_accepted, "packet"),
             counted(agent.messages_accepted, "message"), counted(total(rows, &DemoRow::packets), "packet"),
             counted(messages, "message"), counted(imbalance.packets, "packet"));
  fmt::print("{}\n", complete && balanced ? "every accepted packet was delivered" : "NOT every packet was delivered");
  fmt::print("{}\n", exact ? "every share is exact to one packet" : "NOT every share is exact to one packet");
  return complete && balanced && exact;
}

}  // namespace logdist::tools
