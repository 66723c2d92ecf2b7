// From the YAML tree into the builder, by the table.
#pragma once

#include <string>

#include "config/options_builder.hpp"
#include "logdist/config/yaml/report.hpp"
#include "logdist/config/yaml/tree.hpp"

namespace logdist::config {

/// Reads all of `root` into `builder`; whatever is wrong becomes an error.
void read_tree(const Node& root, const std::string& source, OptionsBuilder& builder, Report& report);

}  // namespace logdist::config
