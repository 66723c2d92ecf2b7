#include "app/roster.hpp"

namespace logdist::app {

Roster::Roster(const config::Options& options, std::size_t loops) : loops_(static_cast<std::uint32_t>(loops)) {
  for (const config::AnalyzerOptions& analyzer : options.analyzers) {
    const AnalyzerId id = enter(analyzer, options.delivery.max_connections);
    members_[id].standing = Member::Standing::present;
  }
}

AnalyzerId Roster::enter(const config::AnalyzerOptions& analyzer, std::uint32_t max_connections) {
  Member& member = members_.emplace_back();
  member.configured = analyzer;
  member.weight = analyzer.weight;
  member.limits = std::make_shared<upstream::ConnectionBudget>(max_connections, loops_);
  return static_cast<AnalyzerId>(members_.size() - 1);
}

void Roster::remove(AnalyzerId id, TimePoint now) {
  members_[id].standing = Member::Standing::removed;
  members_[id].removed_at = now;
}

void Roster::fold_removed(const std::vector<dispatch::AnalyzerView>& views, TimePoint now) {
  std::size_t shown = 0;
  for (AnalyzerId id = static_cast<AnalyzerId>(members_.size()); id-- > 0;) {  // the latest ones first
    Member& member = members_[id];
    if (member.standing != Member::Standing::removed || member.folded) continue;
    const bool is_due = now - member.removed_at >= shown_for || shown == shown_max;
    if (!is_due || id >= views.size() || views[id].account.in_flight > 0) {
      ++shown;
      continue;
    }
    member.folded = true;
    member.configured = {};
    member.limits.reset();
  }
}

std::optional<AnalyzerId> Roster::find(std::string_view name) const {
  for (const AnalyzerId id : present()) {
    if (members_[id].configured.name == name) return id;
  }
  return std::nullopt;
}

std::vector<AnalyzerId> Roster::present() const {
  std::vector<AnalyzerId> ids;
  for (AnalyzerId id = 0; id < members_.size(); ++id) {
    if (members_[id].standing == Member::Standing::present) ids.push_back(id);
  }
  return ids;
}

std::vector<config::AnalyzerOptions> Roster::in_force() const {
  std::vector<config::AnalyzerOptions> analyzers;
  for (const AnalyzerId id : present()) {
    analyzers.push_back(members_[id].configured);
    analyzers.back().weight = members_[id].weight;
  }
  return analyzers;
}

dispatch::AnalyzerSpec Roster::spec(AnalyzerId id, const config::DeliveryOptions& delivery) const {
  const Member& member = members_[id];
  return {member.weight.units, member.configured.max_in_flight.value_or(delivery.max_in_flight),
          member.limits->max_open() * delivery.pipeline};
}

std::vector<dispatch::AnalyzerSpec> Roster::specs(const config::DeliveryOptions& delivery) const {
  std::vector<dispatch::AnalyzerSpec> all;
  for (AnalyzerId id = 0; id < members_.size(); ++id) all.push_back(spec(id, delivery));
  return all;
}

upstream::AnalyzerTarget Roster::target(AnalyzerId id) const {
  const Member& member = members_[id];
  const config::AnalyzerOptions& at = member.configured;
  return {at.host, at.port, at.target, at.headers, member.limits};
}

}  // namespace logdist::app
