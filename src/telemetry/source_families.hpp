// The metrics of the sources of analyzers.
#pragma once

#include <vector>

#include "logdist/telemetry/scrape.hpp"
#include "telemetry/family.hpp"

namespace logdist::telemetry {

/// None where there is no source.
void add_sources(Families& families, const std::vector<SourceFacts>& sources);

}  // namespace logdist::telemetry
