// From LOGDIST_… variables into the draft, by the table.
#pragma once

#include "config/draft.hpp"
#include "config/report.hpp"
#include "logdist/config/load.hpp"

namespace logdist::config {

/// Reads all of `environment` over what `draft` holds. LOGDIST_ANALYZERS replaces
/// the list of analyzers. Unknown variables are warnings.
void read_variables(const Environment& environment, Draft& draft, Report& report);

}  // namespace logdist::config
