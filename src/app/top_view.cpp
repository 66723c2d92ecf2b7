#include "app/top_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "app/top_table.hpp"
#include "app/top_words.hpp"

namespace logdist::app {
namespace {

struct Rates {
  double packets = -1;
  double messages = -1;
  double packets_in = -1;
};

double per_second(std::int64_t now, std::int64_t before, double seconds) {
  return seconds > 0 ? static_cast<double>(std::max<std::int64_t>(0, now - before)) / seconds : -1;
}

Rates rates_of(const TopSight& sight) {
  if (!sight.now || !sight.before) return {};
  const TopStatus& now = *sight.now;
  const TopStatus& before = *sight.before;
  const double seconds = now.uptime_seconds - before.uptime_seconds;
  return {per_second(now.ledger.delivered.packets, before.ledger.delivered.packets, seconds),
          per_second(now.ledger.delivered.messages, before.ledger.delivered.messages, seconds),
          per_second(static_cast<std::int64_t>(now.totals.packets_received),
                     static_cast<std::int64_t>(before.totals.packets_received), seconds)};
}

TopBuckets residence_of(const TopSight& sight) {
  return growth(sight.now->totals.residence_buckets,
                sight.before ? sight.before->totals.residence_buckets : TopBuckets());
}

std::string count_text(std::uint64_t count) { return grouped(static_cast<std::int64_t>(count)); }

bool balanced(const TopLedger& ledger) { return ledger.imbalance.packets == 0 && ledger.imbalance.messages == 0; }

Span readiness(const TopSight& sight) {
  if (!sight.away.empty()) return {sight.away, Tone::bad};
  if (!sight.now) return {"connecting", Tone::warning};
  return sight.now->ready ? Span{"ready", Tone::good} : Span{"not ready: " + sight.now->why_not_ready, Tone::bad};
}

std::vector<Span> head_items(const TopSight& sight) {
  std::vector<Span> items{{"log-distributor", Tone::strong}, readiness(sight)};
  if (sight.now) {
    items[0].text += " " + sight.now->version;
    items.push_back({"up " + uptime_text(sight.now->uptime_seconds)});
    items.push_back({count_text(sight.now->connections) + " agent connections"});
  }
  items.push_back({sight.where, Tone::faint});
  items.push_back({sight.clock, Tone::faint});
  return items;
}

std::vector<Span> flow_items(const TopSight& sight) {
  const TopStatus& now = *sight.now;
  const Rates rates = rates_of(sight);
  const std::uint64_t rejected =
      std::accumulate(now.totals.packets_rejected.begin(), now.totals.packets_rejected.end(), std::uint64_t{0},
                      [](std::uint64_t sum, const auto& each) { return sum + each.second; });
  return {{rate_text(rates.packets) + " packets/s", Tone::strong},
          {rate_text(rates.messages) + " messages/s", Tone::strong},
          {rate_text(rates.packets_in) + " packets/s in"},
          {count_text(rejected) + " rejected"},
          {grouped(now.ledger.dead_lettered.packets) + " dead letters",
           now.ledger.dead_lettered.packets > 0 ? Tone::warning : Tone::plain}};
}

std::vector<Span> queue_items(const TopSight& sight) {
  const TopQueue& queue = sight.now->queue;
  const TopBuckets residence = residence_of(sight);
  const bool full = queue.packets >= queue.max_packets || queue.bytes >= queue.max_bytes;
  return {
      {fmt::format("queue {} of {} packets, {} of {}", count_text(queue.packets), count_text(queue.max_packets),
                   bytes_text(queue.bytes), bytes_text(queue.max_bytes)),
       full ? Tone::warning : Tone::plain},
      {fmt::format("residence p50 {}  p95 {}  p99 {}", latency_text(quantile_seconds(residence, 0.5)),
                   latency_text(quantile_seconds(residence, 0.95)), latency_text(quantile_seconds(residence, 0.99)))}};
}

std::vector<Span> ledger_items(const TopLedger& ledger) {
  const std::string sum =
      fmt::format("{} admitted = {} queued + {} waiting + {} in flight + {} delivered + {} dead + {} handed back",
                  grouped(ledger.admitted.packets), grouped(ledger.queued.packets), grouped(ledger.waiting.packets),
                  grouped(ledger.in_flight.packets), grouped(ledger.delivered.packets),
                  grouped(ledger.dead_lettered.packets), grouped(ledger.handed_back.packets));
  if (balanced(ledger)) return {{"ledger balanced", Tone::good}, {sum, Tone::faint}};
  return {{fmt::format("ledger NOT balanced: {} packets, {} messages", grouped(ledger.imbalance.packets),
                       grouped(ledger.imbalance.messages)),
           Tone::bad},
          {sum, Tone::faint}};
}

/// "15:34:18" of "2026-11-23T15:34:18.042Z".
std::string time_of(const TopEvent& event) { return event.at.size() >= 19 ? event.at.substr(11, 8) : event.at; }

Line event_line(const TopEvent& event) {
  const std::string whom = event.analyzer.empty() ? "" : event.analyzer + ": ";
  return {{time_of(event) + "  ", Tone::faint},
          {fmt::format("{:<9}", event.kind), event.warning ? Tone::bad : Tone::faint},
          {whom, Tone::strong},
          {event.text}};
}

void append(std::vector<Line>& lines, std::vector<Line> more) {
  std::move(more.begin(), more.end(), std::back_inserter(lines));
}

/// The table, as many of its lines as there is room for.
void append_analyzers(std::vector<Line>& lines, const TopSight& sight, std::size_t columns, std::size_t rows) {
  std::vector<Line> table = analyzer_table(*sight.now, sight.before ? &*sight.before : nullptr, columns);
  const std::size_t room = rows > lines.size() + 1 ? rows - lines.size() - 1 : 0;
  if (room < 2) return;
  if (table.size() > room) {
    const std::size_t hidden = table.size() - room + 1;
    table.resize(room - 1);
    table.push_back({{fmt::format("... and {} more", hidden), Tone::faint}});
  }
  lines.emplace_back();
  append(lines, std::move(table));
}

/// The newest first, as many as there is room for.
void append_events(std::vector<Line>& lines, const TopSight& sight, std::size_t rows) {
  if (sight.now->events.empty() || rows < lines.size() + 3) return;
  lines.emplace_back();
  lines.push_back({{"EVENTS (UTC)", Tone::faint}});
  const auto& events = sight.now->events;
  for (auto event = events.rbegin(); event != events.rend() && lines.size() < rows; ++event) {
    lines.push_back(event_line(*event));
  }
}

}  // namespace

std::vector<Line> top_screen(const TopSight& sight, std::size_t columns, std::size_t rows) {
  std::vector<Line> lines = wrap(head_items(sight), columns);
  if (sight.now) {
    append(lines, wrap(flow_items(sight), columns));
    append(lines, wrap(queue_items(sight), columns));
    append(lines, wrap(ledger_items(sight.now->ledger), columns));
    append_analyzers(lines, sight, columns, rows);
    append_events(lines, sight, rows);
  }
  if (lines.size() > rows) lines.resize(rows);
  for (Line& line : lines) line = clip(line, columns);
  return lines;
}

std::string top_line(const TopSight& sight) {
  if (!sight.away.empty() || !sight.now) return fmt::format("{}  {}", sight.clock, readiness(sight).text);
  const TopStatus& now = *sight.now;
  const Rates rates = rates_of(sight);
  std::string line = fmt::format(
      "{}  {}  {} packets/s  {} messages/s  queue {}  residence p95 {}  ledger {}", sight.clock, readiness(sight).text,
      rate_text(rates.packets), rate_text(rates.messages), count_text(now.queue.packets),
      latency_text(quantile_seconds(residence_of(sight), 0.95)), balanced(now.ledger) ? "balanced" : "NOT balanced");
  for (const TopAnalyzer& analyzer : now.analyzers) {
    const double share = recent_share(analyzer, now, sight.before ? &*sight.before : nullptr);
    const std::string condition = condition_of(analyzer).text;
    line +=
        fmt::format("  {} {}", analyzer.name, share < 0 || condition != "healthy" ? condition : percent_text(share));
  }
  return line;
}

}  // namespace logdist::app
