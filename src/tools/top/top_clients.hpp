// The clients as a table.
#pragma once

#include <cstddef>
#include <vector>

#include "tools/top/top_status.hpp"
#include "tools/top/top_text.hpp"

namespace logdist::tools {

/// A title and at most `clients_max` of those that have sent most since `before`, which is null when it is not known,
/// or were refused. Empty where nobody is told apart.
std::vector<Line> client_table(const TopStatus& now, const TopStatus* before, std::size_t clients_max);

}  // namespace logdist::tools
