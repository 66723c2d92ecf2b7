#include "logdist/config/difference.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "config/key_table.hpp"
#include "logdist/base/check.hpp"

namespace logdist::config {
namespace {

/// The one of that name, if it is where `analyzer` is, and is spoken to in the same way.
const AnalyzerOptions* find_same(const std::vector<AnalyzerOptions>& analyzers, const AnalyzerOptions& analyzer) {
  const auto same = std::find_if(analyzers.begin(), analyzers.end(), [&analyzer](const AnalyzerOptions& other) {
    return other.name == analyzer.name && other.url == analyzer.url && other.forward == analyzer.forward &&
           other.formats == analyzer.formats && other.decompress == analyzer.decompress;
  });
  return same == analyzers.end() ? nullptr : &*same;
}

template <typename Target>
std::vector<Change> changes_of(const std::vector<KeySpec<Target>>& specs, const Target& from, const Target& to) {
  std::vector<Change> changes;
  for (const auto& spec : specs) {
    std::string before = spec.show(from);
    std::string after = spec.show(to);
    if (before != after) changes.push_back({spec.path, std::move(before), std::move(after)});
  }
  return changes;
}

}  // namespace

bool is_same_source(const SourceOptions& one, const SourceOptions& other) {
  return one.type == other.type && one.defaults.headers == other.defaults.headers &&
         changes_of(source_keys(one.type), one, other).empty();
}

std::string to_string(const Change& change) {
  if (change.from.empty() && change.to.empty()) return change.key;
  const auto shown = [](const std::string& value) { return value.empty() ? "\"\"" : value; };
  return fmt::format("{}: {} -> {}", change.key, shown(change.from), shown(change.to));
}

Difference compare(const Options& in_force, const Options& wanted) {
  Difference difference;
  for (const AnalyzerOptions& old : in_force.analyzers) {
    if (find_same(wanted.analyzers, old) == nullptr) difference.removed.push_back(old.name);
  }
  for (const AnalyzerOptions& analyzer : wanted.analyzers) {
    const AnalyzerOptions* const old = find_same(in_force.analyzers, analyzer);
    if (old == nullptr) {
      difference.added.push_back(analyzer.name);
      continue;
    }
    ChangedAnalyzer changed{analyzer.name, changes_of(analyzer_keys(), *old, analyzer)};
    if (old->headers != analyzer.headers) changed.changes.push_back({"headers", "", ""});
    if (!changed.changes.empty()) difference.changed.push_back(std::move(changed));
  }
  const bool same_sources = std::ranges::equal(in_force.discovery.sources, wanted.discovery.sources, is_same_source);
  if (!same_sources) difference.taken.push_back({"discovery", "", ""});
  for (Change& change : changes_of(option_keys(), in_force, wanted)) {
    const bool live = find_key(option_keys(), change.key)->live;
    (live ? difference.taken : difference.restart_needed).push_back(std::move(change));
  }
  return difference;
}

Options take_over(const Options& in_force, const Options& wanted) {
  Options options = in_force;
  options.analyzers = wanted.analyzers;
  options.discovery.sources = wanted.discovery.sources;
  for (const auto& spec : option_keys()) {
    if (!spec.live) continue;
    const OptionalError error = spec.assign(options, spec.show(wanted));
    LOGDIST_CHECK(!error);  // what a spec shows, it reads
  }
  return options;
}

}  // namespace logdist::config
