// Analyzers that do so much worse than the others that they are better left out.
#include <vector>

#include "dispatch/load_balancer_state.hpp"

namespace logdist::dispatch {

void LoadBalancer::State::eject_outliers(TimePoint now) {
  std::vector<health::OutlierDetector::Standing> standings;
  for (AnalyzerId id = 0; id < analyzers.size(); ++id) {
    const Analyzer& analyzer = analyzers[id];
    if (!analyzer.removed) standings.push_back({id, analyzer.weight_units, analyzer.in_service});
  }
  for (const health::Ejection& ejection : outliers.end_interval(standings, now)) {
    Analyzer& analyzer = analyzers[ejection.analyzer];
    if (analyzer.monitor->state() != health::State::healthy) continue;
    analyzer.monitor->eject(ejection.length, now);
    analyzer.ejected = true;
    ++analyzer.ejections;
    refresh(ejection.analyzer, now);
    state_changes.back().ejection = ejection;
  }
}

}  // namespace logdist::dispatch
