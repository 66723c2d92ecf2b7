#include "tools/top/top_status.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "logdist/config/text.hpp"

namespace logdist::tools {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(TopAmount, packets, messages)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(TopQueue, packets, bytes, max_packets, max_bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(TopTotals, packets_received, messages_received, caller_runs,
                                                packets_rejected, residence_buckets)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(TopLedger, admitted, queued, waiting, in_flight, delivered,
                                                dead_lettered, handed_back, imbalance)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(TopAnalyzer, name, state, in_service, paused, drained, ejected, weight,
                                                target_share, delivered_share, deficit, debt, catch_ups, in_flight,
                                                max_in_flight, failures, delivered, latency_buckets)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(TopClient, name, packets, messages, refused, queue_packets)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(TopEvent, number, at, kind, warning, analyzer, text)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(TopStatus, version, uptime_seconds, ready, why_not_ready, connections,
                                                queue, totals, ledger, analyzers, removed_analyzers, clients,
                                                clients_not_shown, events)

namespace {

void make_harmless(TopStatus& status) {
  const auto make = [](std::string& text) { text = config::escape(text); };
  make(status.version);
  make(status.why_not_ready);
  for (TopAnalyzer& analyzer : status.analyzers) {
    make(analyzer.name);
    make(analyzer.state);
  }
  for (TopAnalyzer& analyzer : status.removed_analyzers) make(analyzer.name);
  for (TopClient& client : status.clients) make(client.name);
  for (TopEvent& event : status.events) {
    make(event.at);
    make(event.kind);
    make(event.analyzer);
    make(event.text);
  }
}

}  // namespace

boost::system::result<TopStatus, NoStatus> parse_top_status(std::string_view json) {
  try {
    const auto parsed = nlohmann::json::parse(json);
    if (!parsed.contains("ledger") || !parsed.contains("analyzers"))
      return NoStatus{"the answer is not that of a log-distributor"};
    auto status = parsed.get<TopStatus>();
    for (TopAnalyzer& analyzer : status.removed_analyzers) {
      analyzer.state = "removed";
      analyzer.in_service = false;
    }
    make_harmless(status);
    return status;
  } catch (const nlohmann::json::exception&) {
    return NoStatus{"the answer is not a status"};
  }
}

TopBuckets growth(const TopBuckets& now, const TopBuckets& before) {
  TopBuckets result = now;
  for (auto& [bound, count] : result) {
    const auto found = before.find(bound);
    if (found == before.end()) continue;
    if (found->second > count) return now;
    count -= found->second;
  }
  return result;
}

double quantile_seconds(const TopBuckets& buckets, double fraction) {
  std::vector<std::pair<double, double>> counts;
  double total = 0;
  for (const auto& [bound, count] : buckets) {
    const bool last = bound == "+Inf";
    counts.emplace_back(last ? std::numeric_limits<double>::infinity() : std::strtod(bound.c_str(), nullptr), count);
    total += static_cast<double>(count);
  }
  if (total <= 0) return -1;
  std::sort(counts.begin(), counts.end());
  double below = 0;
  double low = 0;
  for (const auto& [bound, count] : counts) {
    if (count > 0 && below + count >= fraction * total) {
      // Nothing is known of how far the last bucket reaches.
      const bool last = bound == std::numeric_limits<double>::infinity();
      return last ? low : low + (bound - low) * (fraction * total - below) / count;
    }
    below += count;
    low = bound;
  }
  return low;
}

}  // namespace logdist::tools
