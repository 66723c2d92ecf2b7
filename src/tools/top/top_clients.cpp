#include "tools/top/top_clients.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "tools/top/top_format.hpp"

namespace logdist::tools {
namespace {

constexpr std::size_t name_columns_max = 24;

std::uint64_t refused_of(const TopClient& client) {
  std::uint64_t sum = 0;
  for (const auto& [reason, count] : client.refused) sum += count;
  return sum;
}

/// What one client has done since the status before; below 0: not known.
struct Flow {
  const TopClient* client = nullptr;
  double packets = -1;
  double messages = -1;
  double refused = -1;
};

Flow flow_of(const TopClient& client, const TopStatus* before, double seconds) {
  Flow flow{&client};
  if (before == nullptr || seconds <= 0) return flow;
  const auto then = std::ranges::find(before->clients, client.name, &TopClient::name);
  // One that was not shown before had sent less; nothing more is known of it.
  if (then == before->clients.end()) return flow;
  const auto rate = [seconds](std::uint64_t now, std::uint64_t earlier) {
    return now < earlier ? 0 : static_cast<double>(now - earlier) / seconds;
  };
  flow.packets = rate(client.packets, then->packets);
  flow.messages = rate(client.messages, then->messages);
  flow.refused = rate(refused_of(client), refused_of(*then));
  return flow;
}

Line line_of(const Flow& flow) {
  const std::string name = clip(flow.client->name, name_columns_max);
  const std::string space(name_columns_max - columns_of(name), ' ');
  Line line{{name, Style::strong}, {space}};
  line.push_back({fmt::format("  {:>9}  {:>9}", rate_text(flow.packets), rate_text(flow.messages))});
  line.push_back({fmt::format("  {:>9}", rate_text(flow.refused)), flow.refused > 0 ? Style::warning : Style::plain});
  line.push_back({fmt::format("  {:>9}", grouped(static_cast<std::int64_t>(flow.client->queue_packets)))});
  return line;
}

}  // namespace

std::vector<Line> client_table(const TopStatus& now, const TopStatus* before, std::size_t clients_max) {
  const bool are_told_apart = now.clients.size() > 1 || (now.clients.size() == 1 && refused_of(now.clients[0]) > 0);
  if (!are_told_apart || clients_max == 0) return {};
  const double seconds = before == nullptr ? 0 : now.uptime_seconds - before->uptime_seconds;
  std::vector<Flow> flows;
  for (const TopClient& client : now.clients) flows.push_back(flow_of(client, before, seconds));
  std::ranges::stable_sort(flows, [](const Flow& one, const Flow& other) {
    return one.packets + one.refused > other.packets + other.refused;
  });
  const std::size_t all = flows.size() + now.clients_not_shown;
  flows.resize(std::min(flows.size(), clients_max));
  const std::string title = flows.size() == all ? "CLIENT" : fmt::format("CLIENT ({} of {})", flows.size(), all);
  std::vector<Line> lines{
      {{fmt::format("{:<24}  {:>9}  {:>9}  {:>9}  {:>9}", title, "PACKETS/S", "MSG/S", "REFUSED/S", "IN QUEUE"),
        Style::faint}}};
  for (const Flow& flow : flows) lines.push_back(line_of(flow));
  return lines;
}

}  // namespace logdist::tools
