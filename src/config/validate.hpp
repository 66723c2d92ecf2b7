// What only shows when all values are known.
#pragma once

#include <string>

#include "config/draft.hpp"
#include "config/report.hpp"

namespace logdist::config {

/// Faults for certain mistakes between values; warnings for what works but is
/// hardly meant. `source` is named where no key was set.
void validate(const Draft& draft, const std::string& source, Report& report);

}  // namespace logdist::config
