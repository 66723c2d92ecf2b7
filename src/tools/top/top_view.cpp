#include "tools/top/top_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <iterator>
#include <numeric>
#include <utility>

#include "tools/top/top_clients.hpp"
#include "tools/top/top_format.hpp"
#include "tools/top/top_table.hpp"

namespace logdist::tools {
namespace {

/// The noun behind a count that is text already.
template <std::integral Count>
std::string plural(Count count, std::string noun) {
  return count == 1 ? noun : noun + 's';
}

/// With fewer rows the head is short, so that the analyzers are seen.
constexpr std::size_t rows_for_full_head = 14;

/// With fewer rows for them the analyzers get no titles: name and state need none.
constexpr std::size_t rows_for_titles = 5;

/// A daemon that stays away is spoken of so often, in pipes.
constexpr Duration away_again_after = std::chrono::minutes(1);

struct Rates {
  double packets = -1;
  double messages = -1;
  double packets_in = -1;
};

double per_second(std::int64_t now, std::int64_t before, double seconds) {
  return seconds > 0 ? static_cast<double>(std::max<std::int64_t>(0, now - before)) / seconds : -1;
}

Rates rates_of(const Snapshot& snapshot) {
  if (!snapshot.now || !snapshot.before) return {};
  const TopStatus& now = *snapshot.now;
  const TopStatus& before = *snapshot.before;
  const double seconds = now.uptime_seconds - before.uptime_seconds;
  return {per_second(now.ledger.delivered.packets, before.ledger.delivered.packets, seconds),
          per_second(now.ledger.delivered.messages, before.ledger.delivered.messages, seconds),
          per_second(static_cast<std::int64_t>(now.totals.packets_received),
                     static_cast<std::int64_t>(before.totals.packets_received), seconds)};
}

TopBuckets residence_of(const Snapshot& snapshot) {
  return growth(snapshot.now->totals.residence_buckets,
                snapshot.before ? snapshot.before->totals.residence_buckets : TopBuckets());
}

std::string count_text(std::uint64_t count) { return grouped(static_cast<std::int64_t>(count)); }

bool is_full(const TopQueue& queue) { return queue.packets >= queue.max_packets || queue.bytes >= queue.max_bytes; }

bool balanced(const TopLedger& ledger) { return ledger.imbalance.packets == 0 && ledger.imbalance.messages == 0; }

Span readiness(const Snapshot& snapshot) {
  if (!snapshot.away.empty()) return {snapshot.away, Style::bad};
  if (!snapshot.now) return {"connecting", Style::warning};
  return snapshot.now->ready ? Span{"ready", Style::good}
                             : Span{"not ready: " + snapshot.now->why_not_ready, Style::bad};
}

std::vector<Span> head_items(const Snapshot& snapshot) {
  std::vector<Span> items{{"log-distributor", Style::strong}, readiness(snapshot)};
  if (snapshot.now) {
    items[0].text += " " + snapshot.now->version;
    items.push_back({"up " + uptime_text(snapshot.now->uptime_seconds)});
    items.push_back({count_text(snapshot.now->connections) + plural(snapshot.now->connections, " agent connection")});
  }
  items.push_back({snapshot.where, Style::faint});
  items.push_back({snapshot.clock, Style::faint});
  return items;
}

std::vector<Span> flow_items(const Snapshot& snapshot) {
  const TopStatus& now = *snapshot.now;
  const Rates rates = rates_of(snapshot);
  const std::uint64_t rejected =
      std::accumulate(now.totals.packets_rejected.begin(), now.totals.packets_rejected.end(), std::uint64_t{0},
                      [](std::uint64_t sum, const auto& each) { return sum + each.second; });
  return {{rate_text(rates.packets) + " packets/s", Style::strong},
          {rate_text(rates.messages) + " messages/s", Style::strong},
          {rate_text(rates.packets_in) + " packets/s in"},
          {count_text(rejected) + " rejected"},
          {grouped(now.ledger.dead_lettered.packets) + plural(now.ledger.dead_lettered.packets, " dead letter"),
           now.ledger.dead_lettered.packets > 0 ? Style::warning : Style::plain}};
}

std::vector<Span> queue_items(const Snapshot& snapshot) {
  const TopQueue& queue = snapshot.now->queue;
  const TopBuckets residence = residence_of(snapshot);
  return {
      {fmt::format("queue {} of {} packets, {} of {}", count_text(queue.packets), count_text(queue.max_packets),
                   bytes_text(queue.bytes), bytes_text(queue.max_bytes)),
       is_full(queue) ? Style::warning : Style::plain},
      {fmt::format("residence p50 {}  p95 {}  p99 {}", latency_text(quantile_seconds(residence, 0.5)),
                   latency_text(quantile_seconds(residence, 0.95)), latency_text(quantile_seconds(residence, 0.99)))}};
}

/// The equation goes along when a line can hold it.
std::vector<Span> ledger_items(const TopLedger& ledger, std::size_t columns) {
  const std::string sum =
      fmt::format("{} admitted = {} queued + {} waiting + {} in flight + {} delivered + {} dead + {} handed back",
                  grouped(ledger.admitted.packets), grouped(ledger.queued.packets), grouped(ledger.waiting.packets),
                  grouped(ledger.in_flight.packets), grouped(ledger.delivered.packets),
                  grouped(ledger.dead_lettered.packets), grouped(ledger.handed_back.packets));
  std::vector<Span> items{{"ledger balanced", Style::good}};
  if (!balanced(ledger)) {
    items[0] = {fmt::format("ledger NOT balanced: {}{}, {}{}", grouped(ledger.imbalance.packets),
                            plural(ledger.imbalance.packets, " packet"), grouped(ledger.imbalance.messages),
                            plural(ledger.imbalance.messages, " message")),
                Style::bad};
  }
  if (wrap_indent + columns_of(sum) <= columns) items.push_back({sum, Style::faint});
  return items;
}

void append(std::vector<Line>& lines, std::vector<Line> more) {
  std::move(more.begin(), more.end(), std::back_inserter(lines));
}

std::vector<Line> full_head(const Snapshot& snapshot, std::size_t columns) {
  std::vector<Line> lines = wrap(head_items(snapshot), columns);
  if (!snapshot.now) return lines;
  append(lines, wrap(flow_items(snapshot), columns));
  append(lines, wrap(queue_items(snapshot), columns));
  append(lines, wrap(ledger_items(snapshot.now->ledger, columns), columns));
  return lines;
}

/// What matters most comes first.
std::vector<Span> short_items(const Snapshot& snapshot, bool terse) {
  std::vector<Span> items{readiness(snapshot)};
  if (!snapshot.now) return items;
  const TopQueue& queue = snapshot.now->queue;
  const bool is_balanced = balanced(snapshot.now->ledger);
  if (!is_balanced) items.push_back({terse ? "NOT balanced" : "ledger NOT balanced", Style::bad});
  items.push_back({rate_text(rates_of(snapshot).messages) + (terse ? " msg/s" : " messages/s"), Style::strong});
  items.push_back({"queue " + count_text(queue.packets) + (terse ? "" : " of " + count_text(queue.max_packets)),
                   is_full(queue) ? Style::warning : Style::plain});
  if (is_balanced) items.push_back({terse ? "balanced" : "ledger balanced", Style::good});
  return items;
}

/// At most `lines_max` lines: what does not go into them is left out.
std::vector<Line> short_head(const Snapshot& snapshot, std::size_t columns, std::size_t lines_max) {
  std::vector<Line> lines = wrap(short_items(snapshot, false), columns);
  if (lines.size() > lines_max) lines = wrap(short_items(snapshot, true), columns);
  if (lines.size() > lines_max) lines.resize(lines_max);
  return lines;
}

std::vector<Line> head(const Snapshot& snapshot, std::size_t columns, std::size_t rows) {
  std::vector<Line> lines = full_head(snapshot, columns);
  if (rows >= rows_for_full_head && lines.size() <= rows / 2) return lines;
  return short_head(snapshot, columns, rows < rows_for_titles ? 1 : 2);
}

bool is_failed(const TopAnalyzer& analyzer) { return analyzer.state == "failed"; }

/// "15:34:18" of "2026-11-23T15:34:18.042Z".
std::string time_of(const TopEvent& event) { return event.at.size() >= 19 ? event.at.substr(11, 8) : event.at; }

Line event_line(const TopEvent& event) {
  const std::string whom = event.analyzer.empty() ? "" : event.analyzer + ": ";
  return {{time_of(event) + "  ", Style::faint},
          {fmt::format("{:<9}", event.kind), event.warning ? Style::bad : Style::faint},
          {whom, Style::strong},
          {event.text}};
}

/// In the place of the last `count` analyzers, for which there is no room.
Line hidden_line(const std::vector<TopAnalyzer>& analyzers, std::size_t count) {
  const auto first = analyzers.end() - static_cast<std::ptrdiff_t>(std::min(count, analyzers.size()));
  const auto failed = std::count_if(first, analyzers.end(), [](const TopAnalyzer& each) { return is_failed(each); });
  Line line{{fmt::format("… and {} more", count), Style::faint}};
  if (failed > 0) line.push_back({fmt::format(", {} failed", failed), Style::bad});
  return line;
}

/// The table, as many of its lines as there is room for.
void append_analyzers(std::vector<Line>& lines, const Snapshot& snapshot, std::size_t columns, std::size_t rows) {
  const TopStatus* const before = snapshot.before ? &*snapshot.before : nullptr;
  std::vector<Line> table = analyzer_table(*snapshot.now, before, columns, snapshot.order);
  const std::size_t passed = std::min(snapshot.first, table.size() - 1);
  table.erase(table.begin() + 1, table.begin() + 1 + static_cast<std::ptrdiff_t>(passed));
  if (rows >= rows_for_full_head || lines.size() + 1 + table.size() <= rows) lines.emplace_back();
  const std::size_t room = rows - std::min(rows, lines.size());
  if (room == 0) return;
  if (table.size() > room && room < rows_for_titles) table.erase(table.begin());
  if (table.size() > room) {
    const std::size_t hidden = table.size() - room + 1;
    table.resize(room - 1);
    table.push_back(hidden_line(analyzers_at_work(*snapshot.now, before, snapshot.order), hidden));
  }
  append(lines, std::move(table));
}

/// The busiest, where there is room for them and for some events.
void append_clients(std::vector<Line>& lines, const Snapshot& snapshot, std::size_t rows) {
  constexpr std::size_t clients_max = 8;
  constexpr std::size_t kept_for_events = 6;
  const std::size_t used = lines.size() + 2 + kept_for_events;
  if (rows <= used) return;
  const TopStatus* const before = snapshot.before ? &*snapshot.before : nullptr;
  std::vector<Line> table = client_table(*snapshot.now, before, std::min(clients_max, rows - used));
  if (table.empty()) return;
  lines.emplace_back();
  append(lines, std::move(table));
}

/// The newest first, as many as there is room for.
void append_events(std::vector<Line>& lines, const Snapshot& snapshot, std::size_t rows) {
  if (snapshot.now->events.empty() || rows < lines.size() + 3) return;
  lines.emplace_back();
  lines.push_back({{"EVENTS (UTC)", Style::faint}});
  const auto& events = snapshot.now->events;
  for (auto event = events.rbegin(); event != events.rend() && lines.size() < rows; ++event) {
    lines.push_back(event_line(*event));
  }
}

/// Failed attempts and probes since the status before.
std::uint64_t new_failures(const Snapshot& snapshot) {
  if (!snapshot.before) return 0;
  std::uint64_t sum = 0;
  for (const TopAnalyzer& analyzer : snapshot.now->analyzers) {
    for (const TopAnalyzer& then : snapshot.before->analyzers) {
      if (then.name == analyzer.name && analyzer.failures > then.failures) sum += analyzer.failures - then.failures;
    }
  }
  return sum;
}

std::string failures_text(const Snapshot& snapshot) {
  const auto& analyzers = snapshot.now->analyzers;
  const auto failed = std::count_if(analyzers.begin(), analyzers.end(), is_failed);
  const std::uint64_t more = new_failures(snapshot);
  std::string text;
  if (failed > 0) text += fmt::format("  {} of {} failed", failed, analyzers.size());
  if (more > 0) text += fmt::format("  {}{}", count_text(more), plural(more, " new failure"));
  return text;
}

std::string event_text(const Snapshot& snapshot, const TopEvent& event) {
  const std::string whom = event.analyzer.empty() ? "" : event.analyzer + ": ";
  return fmt::format("{}  event {}  {}  {}{}", snapshot.clock, event.at, event.kind, whom, event.text);
}

}  // namespace

std::vector<Line> top_screen(const Snapshot& snapshot, std::size_t columns, std::size_t rows) {
  std::vector<Line> lines = head(snapshot, columns, rows);
  if (snapshot.now) {
    append_analyzers(lines, snapshot, columns, rows);
    append_clients(lines, snapshot, rows);
    append_events(lines, snapshot, rows);
  }
  if (lines.size() > rows) lines.resize(rows);
  for (Line& line : lines) line = clip(line, columns);
  return lines;
}

std::string top_line(const Snapshot& snapshot) {
  if (!snapshot.away.empty() || !snapshot.now) return fmt::format("{}  {}", snapshot.clock, readiness(snapshot).text);
  const TopStatus& now = *snapshot.now;
  const Rates rates = rates_of(snapshot);
  std::string line = fmt::format(
      "{}  {}  {} packets/s  {} messages/s  queue {}  residence p95 {}  ledger {}", snapshot.clock,
      readiness(snapshot).text, rate_text(rates.packets), rate_text(rates.messages), count_text(now.queue.packets),
      latency_text(quantile_seconds(residence_of(snapshot), 0.95)), balanced(now.ledger) ? "balanced" : "NOT balanced");
  line += failures_text(snapshot);
  for (const TopAnalyzer& analyzer : analyzers_at_work(now)) {
    const double share = recent_share(analyzer, now, snapshot.before ? &*snapshot.before : nullptr);
    const std::string condition = condition_of(analyzer).text;
    line +=
        fmt::format("  {} {}", analyzer.name, share < 0 || condition != "healthy" ? condition : percent_text(share));
  }
  return line;
}

std::vector<std::string> EventLog::lines_of(const Snapshot& snapshot, TimePoint now) {
  if (!snapshot.away.empty() || !snapshot.now) {
    if (snapshot.away == told_away_ && now - told_at_ < away_again_after) return {};
    told_away_ = snapshot.away;
    told_at_ = now;
    return {top_line(snapshot)};
  }
  told_away_.clear();
  std::vector<std::string> lines;
  if (last_event_) {
    // Another life of the daemon numbers its events from the beginning.
    const std::uint64_t last = snapshot.before ? *last_event_ : 0;
    for (const TopEvent& event : snapshot.now->events) {
      if (event.number > last) lines.push_back(event_text(snapshot, event));
    }
  }
  last_event_ = snapshot.now->events.empty() ? 0 : snapshot.now->events.back().number;
  lines.push_back(top_line(snapshot));
  return lines;
}

}  // namespace logdist::tools
