#include "logdist/registry/analyzer_registry.hpp"

#include <algorithm>
#include <utility>

namespace logdist::registry {

AnalyzerRegistry::AnalyzerRegistry(const config::Options& options, std::size_t loops)
    : loops_(static_cast<std::uint32_t>(loops)) {
  for (const config::AnalyzerOptions& analyzer : options.analyzers) {
    const AnalyzerId id = enter(analyzer, options.delivery.max_connections);
    admit(id, nullptr);
  }
}

AnalyzerId AnalyzerRegistry::enter(const config::AnalyzerOptions& analyzer, std::uint32_t max_connections) {
  AnalyzerId id = 0;
  while (id < entries_.size() &&
         !(entries_[id].folded && entries_[id].lifecycle == RegistryEntry::Lifecycle::removed)) {
    ++id;
  }
  const bool is_reused = id < entries_.size();
  RegistryEntry& entry = is_reused ? entries_[id] : entries_.emplace_back();
  entry = {};
  entry.folded = is_reused;
  entry.configured = analyzer;
  entry.weight = analyzer.weight;
  entry.limits = std::make_shared<sink::ConnectionBudget>(max_connections, loops_);
  if (analyzer.is_tls) entry.tls = std::make_shared<net::ClientTls>();
  return id;
}

void AnalyzerRegistry::admit(AnalyzerId id, const dispatch::AnalyzerView* view) {
  entries_[id].lifecycle = RegistryEntry::Lifecycle::present;
  if (!std::exchange(entries_[id].folded, false)) return;
  ++folded_.analyzers;
  folded_.failures += view->failures;
  folded_.catch_ups += view->account.catch_ups;
}

void AnalyzerRegistry::remove(AnalyzerId id, TimePoint now) {
  entries_[id].lifecycle = RegistryEntry::Lifecycle::removed;
  entries_[id].removed_at = now;
}

void AnalyzerRegistry::fold_removed(const std::vector<dispatch::AnalyzerView>& views, TimePoint now) {
  std::size_t shown = 0;
  for (AnalyzerId id = static_cast<AnalyzerId>(entries_.size()); id-- > 0;) {  // the latest ones first
    RegistryEntry& entry = entries_[id];
    if (entry.lifecycle != RegistryEntry::Lifecycle::removed || entry.folded) continue;
    const bool is_due = now - entry.removed_at >= shown_for || shown == shown_max;
    if (!is_due || id >= views.size() || views[id].account.in_flight > 0) {
      ++shown;
      continue;
    }
    entry.folded = true;
    entry.configured = {};
    entry.limits.reset();
    entry.tls.reset();
  }
}

std::optional<AnalyzerId> AnalyzerRegistry::find(std::string_view name) const {
  for (const AnalyzerId id : present()) {
    if (entries_[id].configured.name == name) return id;
  }
  return std::nullopt;
}

std::vector<AnalyzerId> AnalyzerRegistry::present() const {
  std::vector<AnalyzerId> ids;
  for (AnalyzerId id = 0; id < entries_.size(); ++id) {
    if (entries_[id].lifecycle == RegistryEntry::Lifecycle::present) ids.push_back(id);
  }
  return ids;
}

std::vector<config::AnalyzerOptions> AnalyzerRegistry::configured() const {
  std::vector<config::AnalyzerOptions> analyzers;
  for (const AnalyzerId id : present()) analyzers.push_back(entries_[id].configured);
  return analyzers;
}

std::vector<config::AnalyzerOptions> AnalyzerRegistry::in_force() const {
  std::vector<config::AnalyzerOptions> analyzers;
  for (const AnalyzerId id : present()) {
    analyzers.push_back(entries_[id].configured);
    analyzers.back().weight = entries_[id].weight;
  }
  return analyzers;
}

dispatch::AnalyzerSpec AnalyzerRegistry::spec(AnalyzerId id, const config::DeliveryOptions& delivery) const {
  const RegistryEntry& entry = entries_[id];
  return {entry.weight.units, entry.configured.max_in_flight.value_or(delivery.max_in_flight),
          entry.limits->max_open() * delivery.pipeline, entry.limits->max_open(), entry.configured.formats};
}

std::vector<dispatch::AnalyzerSpec> AnalyzerRegistry::specs(const config::DeliveryOptions& delivery) const {
  std::vector<dispatch::AnalyzerSpec> all;
  for (AnalyzerId id = 0; id < entries_.size(); ++id) all.push_back(spec(id, delivery));
  return all;
}

Target AnalyzerRegistry::probe_target(AnalyzerId id) const {
  const config::AnalyzerOptions& at = entries_[id].configured;
  return {at.host, at.port, at.headers, net::ClientTls::factory(entries_[id].tls), at.is_tls};
}

sink::AnalyzerTarget AnalyzerRegistry::target(AnalyzerId id) const {
  const RegistryEntry& entry = entries_[id];
  const config::AnalyzerOptions& at = entry.configured;
  return {at.host,
          at.port,
          at.target,
          at.headers,
          entry.limits,
          net::ClientTls::factory(entry.tls),
          at.forward == config::ForwardMode::native,
          at.decompress,
          at.is_tls};
}

}  // namespace logdist::registry
