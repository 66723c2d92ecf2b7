#include "tools/top/top_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>

#include "tools/top/top_format.hpp"

namespace logdist::tools {
namespace {

constexpr std::size_t gap_columns = 2;

/// One analyzer, now and before; `before` is null when it is not known.
struct Subject {
  const TopAnalyzer& now;
  const TopAnalyzer* before;
  double seconds;  ///< between both
  double share;    ///< of what was delivered meanwhile; below 0: nothing was
  TopBuckets latencies;
};

struct Column {
  const char* title;
  int rank;  ///< the highest gives way first
  bool to_the_left;
  bool of_removed;  ///< whether it says something of one that is not configured any more
  Span (*cell)(const Subject&);
};

bool is_removed(const TopAnalyzer& analyzer) { return analyzer.state == "removed"; }

/// The one of that name, also when it has been removed.
const TopAnalyzer* find(const TopStatus* status, const std::string& name) {
  if (status == nullptr) return nullptr;
  for (const auto* list : {&status->analyzers, &status->removed_analyzers}) {
    const auto found = std::find_if(list->begin(), list->end(),
                                    [&name](const TopAnalyzer& analyzer) { return analyzer.name == name; });
    if (found != list->end()) return &*found;
  }
  return nullptr;
}

std::int64_t delivered_since(const TopAnalyzer& now, const TopAnalyzer* before) {
  return before == nullptr ? 0 : std::max<std::int64_t>(0, now.delivered.messages - before->delivered.messages);
}

std::string share_text(double share) { return share < 0 ? "-" : percent_text(share); }

Span latency_cell(const Subject& subject, double fraction) {
  return {latency_text(quantile_seconds(subject.latencies, fraction))};
}

Span rate_cell(const Subject& subject) {
  if (subject.before == nullptr || subject.seconds <= 0) return {"-"};
  return {rate_text(static_cast<double>(delivered_since(subject.now, subject.before)) / subject.seconds)};
}

Span deficit_cell(const Subject& subject) { return {subject.now.in_service ? balance_text(subject.now.deficit) : "-"}; }

Span failures_cell(const Subject& subject) {
  const bool grows = subject.before != nullptr && subject.now.failures > subject.before->failures;
  return {grouped(static_cast<std::int64_t>(subject.now.failures)), grows ? Style::bad : Style::plain};
}

Span flying_cell(const Subject& subject) {
  if (is_removed(subject.now)) return {fmt::format("{}", subject.now.in_flight)};
  return {fmt::format("{}/{}", subject.now.in_flight, subject.now.max_in_flight)};
}

constexpr std::array columns_there{
    Column{"ANALYZER", 0, true, true,
           [](const Subject& of) {
             return Span{of.now.name, Style::strong};
           }},
    Column{"STATE", 0, true, true, [](const Subject& of) { return condition_of(of.now); }},
    Column{"WEIGHT", 6, false, false, [](const Subject& of) { return Span{fmt::format("{:g}", of.now.weight)}; }},
    Column{"MSG/S", 1, false, true, rate_cell},
    Column{"SHARE", 2, false, false, [](const Subject& of) { return Span{share_text(of.share)}; }},
    Column{"TARGET", 3, false, false, [](const Subject& of) { return Span{percent_text(of.now.target_share)}; }},
    Column{"IN ALL", 10, false, false, [](const Subject& of) { return Span{percent_text(of.now.delivered_share)}; }},
    Column{"DEFICIT", 4, false, false, deficit_cell},
    Column{"DEBT", 9, false, false, [](const Subject& of) { return Span{fmt::format("{:.0f}", of.now.debt)}; }},
    Column{"FLYING", 7, false, true, flying_cell},
    Column{"P50", 8, false, false, [](const Subject& of) { return latency_cell(of, 0.5); }},
    Column{"P95", 5, false, false, [](const Subject& of) { return latency_cell(of, 0.95); }},
    Column{"P99", 8, false, false, [](const Subject& of) { return latency_cell(of, 0.99); }},
    Column{"FAILURES", 5, false, true, failures_cell},
    Column{"CATCH-UPS", 10, false, false,
           [](const Subject& of) { return Span{grouped(static_cast<std::int64_t>(of.now.catch_ups))}; }},
};

/// A column that is shown, its cells ready; the first is its title.
struct Shown {
  int rank;
  bool to_the_left;
  std::vector<Span> cells;
  std::size_t wide = 0;
};

Shown fill(const Column& column, const std::vector<Subject>& subjects) {
  Shown shown{column.rank, column.to_the_left, {{column.title, Style::faint}}};
  for (const Subject& subject : subjects) {
    if (is_removed(subject.now)) {
      shown.cells.push_back({column.of_removed ? column.cell(subject).text : "-", Style::faint});
    } else {
      shown.cells.push_back(column.cell(subject));
    }
  }
  for (const Span& cell : shown.cells) shown.wide = std::max(shown.wide, columns_of(cell.text));
  return shown;
}

std::size_t total_columns(const std::vector<Shown>& table) {
  return std::accumulate(table.begin(), table.end(), gap_columns * (table.size() - 1),
                         [](std::size_t sum, const Shown& shown) { return sum + shown.wide; });
}

/// Leaves out the least important columns, then shortens the names.
void fit(std::vector<Shown>& table, std::size_t columns) {
  while (total_columns(table) > columns) {
    const auto least = std::max_element(table.begin(), table.end(),
                                        [](const Shown& one, const Shown& other) { return one.rank < other.rank; });
    if (least->rank == 0) break;
    table.erase(least);
  }
  const std::size_t total = total_columns(table);
  if (total > columns) table.front().wide -= std::min(table.front().wide - 1, total - columns);
}

Line line_of(const std::vector<Shown>& table, std::size_t row) {
  Line line;
  for (const Shown& shown : table) {
    const Span& cell = shown.cells[row];
    const std::string text = clip(cell.text, shown.wide);
    const std::string space(shown.wide - columns_of(text), ' ');
    if (!line.empty()) line.push_back({std::string(gap_columns, ' ')});
    if (!shown.to_the_left) line.push_back({space});
    line.push_back({text, cell.style});
    if (shown.to_the_left) line.push_back({space});
  }
  return line;
}

}  // namespace

Span condition_of(const TopAnalyzer& analyzer) {
  if (is_removed(analyzer)) return {analyzer.state, Style::faint};
  const bool healthy = analyzer.state == "healthy";
  std::string text = healthy && (analyzer.drained || analyzer.paused) ? "" : analyzer.state;
  if (analyzer.ejected && !healthy) text += ", ejected";
  if (analyzer.drained) text += text.empty() ? "drained" : ", drained";
  if (analyzer.paused) text += text.empty() ? "paused" : ", paused";
  if (analyzer.state == "failed") return {text, Style::bad};
  return {text, text == "healthy" ? Style::good : Style::warning};
}

double recent_share(const TopAnalyzer& analyzer, const TopStatus& now, const TopStatus* before) {
  std::int64_t all = 0;
  for (const TopAnalyzer& each : now.analyzers) all += delivered_since(each, find(before, each.name));
  if (all == 0) return -1;
  return static_cast<double>(delivered_since(analyzer, find(before, analyzer.name))) / static_cast<double>(all);
}

std::vector<TopAnalyzer> analyzers_at_work(const TopStatus& status) {
  std::vector<TopAnalyzer> analyzers = status.analyzers;
  std::copy_if(status.removed_analyzers.begin(), status.removed_analyzers.end(), std::back_inserter(analyzers),
               [](const TopAnalyzer& analyzer) { return analyzer.in_flight > 0; });
  return analyzers;
}

const char* to_string(TopOrder order) {
  switch (order) {
    case TopOrder::trouble: return "trouble first";
    case TopOrder::configured: return "as configured";
    case TopOrder::name: return "name";
    case TopOrder::rate: return "rate";
    case TopOrder::failures: return "failures";
  }
  return "";
}

std::vector<TopAnalyzer> analyzers_at_work(const TopStatus& status, const TopStatus* before, TopOrder order) {
  std::vector<TopAnalyzer> analyzers = analyzers_at_work(status);
  const auto sort = [&analyzers](auto rank) {
    std::stable_sort(analyzers.begin(), analyzers.end(),
                     [rank](const TopAnalyzer& one, const TopAnalyzer& other) { return rank(one) < rank(other); });
  };
  switch (order) {
    case TopOrder::configured: break;
    case TopOrder::trouble:
      sort([](const TopAnalyzer& analyzer) {
        if (is_removed(analyzer)) return 3;
        return analyzer.state == "failed" ? 0 : condition_of(analyzer).style == Style::good ? 2 : 1;
      });
      break;
    case TopOrder::name: sort([](const TopAnalyzer& analyzer) { return analyzer.name; }); break;
    case TopOrder::rate:
      sort([before](const TopAnalyzer& analyzer) { return -delivered_since(analyzer, find(before, analyzer.name)); });
      break;
    case TopOrder::failures:
      sort([](const TopAnalyzer& analyzer) { return -static_cast<std::int64_t>(analyzer.failures); });
      break;
  }
  return analyzers;
}

std::vector<Line> analyzer_table(const TopStatus& now, const TopStatus* before, std::size_t columns, TopOrder order) {
  const double seconds = before == nullptr ? 0 : now.uptime_seconds - before->uptime_seconds;
  const std::vector<TopAnalyzer> analyzers = analyzers_at_work(now, before, order);
  std::vector<Subject> subjects;
  for (const TopAnalyzer& analyzer : analyzers) {
    const TopAnalyzer* const then = find(before, analyzer.name);
    const TopBuckets earlier = then == nullptr ? TopBuckets() : then->latency_buckets;
    subjects.push_back(
        {analyzer, then, seconds, recent_share(analyzer, now, before), growth(analyzer.latency_buckets, earlier)});
  }
  std::vector<Shown> table;
  for (const Column& column : columns_there) table.push_back(fill(column, subjects));
  fit(table, columns);
  std::vector<Line> lines;
  for (std::size_t row = 0; row <= subjects.size(); ++row) lines.push_back(clip(line_of(table, row), columns));
  return lines;
}

}  // namespace logdist::tools
