#include "server/admin_control.hpp"

#include <fmt/format.h>

#include "logdist/config/text.hpp"
#include "logdist/telemetry/log.hpp"

namespace logdist::server {

std::vector<admin::ControlledAnalyzer> AdminControl::analyzers() const {
  const std::vector<dispatch::AnalyzerView> views = shared_.balancer.views(Clock::now());
  std::vector<admin::ControlledAnalyzer> all;
  for (const AnalyzerId id : shared_.registry.present()) {
    const registry::RegistryEntry& entry = shared_.registry[id];
    const dispatch::AnalyzerView& view = views[id];
    all.push_back({entry.configured.name, entry.configured.url, view.state, view.in_service, view.paused, view.drained,
                   entry.weight, entry.configured.weight, view.account.target_share, view.account.in_flight});
  }
  return all;
}

bool AdminControl::set_drained(const std::string& analyzer, bool drained, const std::string& who) {
  const auto id = shared_.registry.find(analyzer);
  if (!id) return false;
  if (std::exchange(shared_.registry[*id].drained, drained) == drained) return true;
  shared_.balancer.set_drained(*id, drained, Clock::now());
  balance_.changed();
  const std::string text = fmt::format("{} (by {})", drained ? "drained" : "no longer drained", who);
  log::record(log::Level::info, drained ? "analyzer_drained" : "analyzer_undrained",
              fmt::format("analyzer {} {}", analyzer, text), {{"analyzer", analyzer}, {"by", who}});
  events_.post({.kind = admin::EventKind::analyzer, .warning = drained, .analyzer = analyzer, .text = text});
  return true;
}

bool AdminControl::set_weight(const std::string& analyzer, config::Weight weight, const std::string& who) {
  const auto id = shared_.registry.find(analyzer);
  if (!id) return false;
  const config::Weight before = std::exchange(shared_.registry[*id].weight, weight);
  if (before.units == weight.units) return true;
  shared_.balancer.set_weight(*id, weight.units);
  balance_.changed();
  const std::string text = fmt::format("weight {} -> {} (by {})", format_weight(before), format_weight(weight), who);
  log::record(log::Level::info, "analyzer_weight", fmt::format("analyzer {}: {}", analyzer, text),
              {{"analyzer", analyzer}, {"from", before.value()}, {"to", weight.value()}, {"by", who}});
  events_.post({.kind = admin::EventKind::weight, .analyzer = analyzer, .text = text});
  return true;
}

}  // namespace logdist::server
