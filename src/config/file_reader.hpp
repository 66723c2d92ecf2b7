// From the document's tree into the draft, by the table.
#pragma once

#include <string>

#include "config/document.hpp"
#include "config/draft.hpp"
#include "config/report.hpp"

namespace logdist::config {

/// Reads all of `root` into `draft`; whatever is wrong becomes a fault.
void read_tree(const Node& root, const std::string& source, Draft& draft, Report& report);

}  // namespace logdist::config
