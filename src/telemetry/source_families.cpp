#include "telemetry/source_families.hpp"

namespace logdist::telemetry {

void add_sources(Families& families, const std::vector<SourceFacts>& sources) {
  if (sources.empty()) return;
  const auto add = [&](const char* name, const char* help, auto fact) {
    Family family = families.gauge(name, help);
    for (const SourceFacts& source : sources) family.add(fact(source), {{"source", source.name}});
  };
  add("logdist_discovery_last_success_timestamp_seconds",
      "Unix time at which the source of analyzers has answered last; 0: never.",
      [](const SourceFacts& source) { return source.last_success_seconds; });
  add("logdist_discovery_up", "1 while the source of analyzers answers.",
      [](const SourceFacts& source) { return source.reachable ? 1 : 0; });
  add("logdist_discovery_analyzers", "Analyzers of the source that are in force.",
      [](const SourceFacts& source) { return source.analyzers; });
  add("logdist_discovery_skipped",
      "Instances in its last answer that are skipped, because something is wrong with them.",
      [](const SourceFacts& source) { return source.skipped; });
}

}  // namespace logdist::telemetry
