#include "app/top_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "app/top_table.hpp"
#include "app/top_words.hpp"

namespace logdist::app {
namespace {

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

bool is_full(const TopQueue& queue) { return queue.packets >= queue.max_packets || queue.bytes >= queue.max_bytes; }

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
  return {
      {fmt::format("queue {} of {} packets, {} of {}", count_text(queue.packets), count_text(queue.max_packets),
                   bytes_text(queue.bytes), bytes_text(queue.max_bytes)),
       is_full(queue) ? Tone::warning : Tone::plain},
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
  std::vector<Span> items{{"ledger balanced", Tone::good}};
  if (!balanced(ledger)) {
    items[0] = {fmt::format("ledger NOT balanced: {} packets, {} messages", grouped(ledger.imbalance.packets),
                            grouped(ledger.imbalance.messages)),
                Tone::bad};
  }
  if (wrap_indent + columns_of(sum) <= columns) items.push_back({sum, Tone::faint});
  return items;
}

void append(std::vector<Line>& lines, std::vector<Line> more) {
  std::move(more.begin(), more.end(), std::back_inserter(lines));
}

std::vector<Line> full_head(const TopSight& sight, std::size_t columns) {
  std::vector<Line> lines = wrap(head_items(sight), columns);
  if (!sight.now) return lines;
  append(lines, wrap(flow_items(sight), columns));
  append(lines, wrap(queue_items(sight), columns));
  append(lines, wrap(ledger_items(sight.now->ledger, columns), columns));
  return lines;
}

/// What matters most comes first.
std::vector<Span> short_items(const TopSight& sight, bool terse) {
  std::vector<Span> items{readiness(sight)};
  if (!sight.now) return items;
  const TopQueue& queue = sight.now->queue;
  const bool is_balanced = balanced(sight.now->ledger);
  if (!is_balanced) items.push_back({terse ? "NOT balanced" : "ledger NOT balanced", Tone::bad});
  items.push_back({rate_text(rates_of(sight).messages) + (terse ? " msg/s" : " messages/s"), Tone::strong});
  items.push_back({"queue " + count_text(queue.packets) + (terse ? "" : " of " + count_text(queue.max_packets)),
                   is_full(queue) ? Tone::warning : Tone::plain});
  if (is_balanced) items.push_back({terse ? "balanced" : "ledger balanced", Tone::good});
  return items;
}

/// At most `lines_max` lines: what does not go into them is left out.
std::vector<Line> short_head(const TopSight& sight, std::size_t columns, std::size_t lines_max) {
  std::vector<Line> lines = wrap(short_items(sight, false), columns);
  if (lines.size() > lines_max) lines = wrap(short_items(sight, true), columns);
  if (lines.size() > lines_max) lines.resize(lines_max);
  return lines;
}

std::vector<Line> head(const TopSight& sight, std::size_t columns, std::size_t rows) {
  std::vector<Line> lines = full_head(sight, columns);
  if (rows >= rows_for_full_head && lines.size() <= rows / 2) return lines;
  return short_head(sight, columns, rows < rows_for_titles ? 1 : 2);
}

bool is_failed(const TopAnalyzer& analyzer) { return analyzer.state == "failed"; }

/// "15:34:18" of "2026-11-23T15:34:18.042Z".
std::string time_of(const TopEvent& event) { return event.at.size() >= 19 ? event.at.substr(11, 8) : event.at; }

Line event_line(const TopEvent& event) {
  const std::string whom = event.analyzer.empty() ? "" : event.analyzer + ": ";
  return {{time_of(event) + "  ", Tone::faint},
          {fmt::format("{:<9}", event.kind), event.warning ? Tone::bad : Tone::faint},
          {whom, Tone::strong},
          {event.text}};
}

/// In the place of the last `count` analyzers, for which there is no room.
Line hidden_line(const std::vector<TopAnalyzer>& analyzers, std::size_t count) {
  const auto first = analyzers.end() - static_cast<std::ptrdiff_t>(std::min(count, analyzers.size()));
  const auto failed = std::count_if(first, analyzers.end(), [](const TopAnalyzer& each) { return is_failed(each); });
  Line line{{fmt::format("… and {} more", count), Tone::faint}};
  if (failed > 0) line.push_back({fmt::format(", {} failed", failed), Tone::bad});
  return line;
}

/// The table, as many of its lines as there is room for.
void append_analyzers(std::vector<Line>& lines, const TopSight& sight, std::size_t columns, std::size_t rows) {
  const TopStatus* const before = sight.before ? &*sight.before : nullptr;
  std::vector<Line> table = analyzer_table(*sight.now, before, columns, sight.order);
  const std::size_t passed = std::min(sight.first, table.size() - 1);
  table.erase(table.begin() + 1, table.begin() + 1 + static_cast<std::ptrdiff_t>(passed));
  if (rows >= rows_for_full_head || lines.size() + 1 + table.size() <= rows) lines.emplace_back();
  const std::size_t room = rows - std::min(rows, lines.size());
  if (room == 0) return;
  if (table.size() > room && room < rows_for_titles) table.erase(table.begin());
  if (table.size() > room) {
    const std::size_t hidden = table.size() - room + 1;
    table.resize(room - 1);
    table.push_back(hidden_line(analyzers_at_work(*sight.now, before, sight.order), hidden));
  }
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

/// Failed attempts and probes since the status before.
std::uint64_t new_failures(const TopSight& sight) {
  if (!sight.before) return 0;
  std::uint64_t sum = 0;
  for (const TopAnalyzer& analyzer : sight.now->analyzers) {
    for (const TopAnalyzer& then : sight.before->analyzers) {
      if (then.name == analyzer.name && analyzer.failures > then.failures) sum += analyzer.failures - then.failures;
    }
  }
  return sum;
}

std::string failures_text(const TopSight& sight) {
  const auto& analyzers = sight.now->analyzers;
  const auto failed = std::count_if(analyzers.begin(), analyzers.end(), is_failed);
  const std::uint64_t more = new_failures(sight);
  std::string text;
  if (failed > 0) text += fmt::format("  {} of {} failed", failed, analyzers.size());
  if (more > 0) text += fmt::format("  {} new failure{}", count_text(more), more == 1 ? "" : "s");
  return text;
}

std::string event_text(const TopSight& sight, const TopEvent& event) {
  const std::string whom = event.analyzer.empty() ? "" : event.analyzer + ": ";
  return fmt::format("{}  event {}  {}  {}{}", sight.clock, event.at, event.kind, whom, event.text);
}

}  // namespace

std::vector<Line> top_screen(const TopSight& sight, std::size_t columns, std::size_t rows) {
  std::vector<Line> lines = head(sight, columns, rows);
  if (sight.now) {
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
  line += failures_text(sight);
  for (const TopAnalyzer& analyzer : analyzers_at_work(now)) {
    const double share = recent_share(analyzer, now, sight.before ? &*sight.before : nullptr);
    const std::string condition = condition_of(analyzer).text;
    line +=
        fmt::format("  {} {}", analyzer.name, share < 0 || condition != "healthy" ? condition : percent_text(share));
  }
  return line;
}

std::vector<std::string> TopJournal::lines_of(const TopSight& sight, TimePoint now) {
  if (!sight.away.empty() || !sight.now) {
    if (sight.away == told_away_ && now - told_at_ < away_again_after) return {};
    told_away_ = sight.away;
    told_at_ = now;
    return {top_line(sight)};
  }
  told_away_.clear();
  std::vector<std::string> lines;
  if (last_event_) {
    // Another life of the daemon numbers its events anew.
    const std::uint64_t last = sight.before ? *last_event_ : 0;
    for (const TopEvent& event : sight.now->events) {
      if (event.number > last) lines.push_back(event_text(sight, event));
    }
  }
  last_event_ = sight.now->events.empty() ? 0 : sight.now->events.back().number;
  lines.push_back(top_line(sight));
  return lines;
}

}  // namespace logdist::app
