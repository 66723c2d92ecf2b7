// What only shows when all values are known.
#pragma once

#include <string>

#include "config/options_builder.hpp"
#include "logdist/config/yaml/report.hpp"

namespace logdist::config {

/// Errors for certain mistakes between values; warnings for what works but is
/// hardly meant. `source` is named where no key was set.
void validate(OptionsBuilder& builder, const std::string& source, Report& report);

}  // namespace logdist::config
