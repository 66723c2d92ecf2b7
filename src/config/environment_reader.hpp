// From LOGDIST_… variables into the builder, by the table.
#pragma once

#include "config/options_builder.hpp"
#include "logdist/config/load.hpp"
#include "logdist/config/yaml/report.hpp"

namespace logdist::config {

/// Reads all of `environment` over what `builder` holds. LOGDIST_ANALYZERS replaces
/// the list of analyzers. Unknown variables are warnings.
void read_variables(const Environment& environment, OptionsBuilder& builder, Report& report);

}  // namespace logdist::config
