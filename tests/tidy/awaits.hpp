// One co_await a statement, and none beside && || ?: — GCC 12 compiles the others
// wrongly.
#pragma once

#include "tests/tidy/fault.hpp"
#include "tests/tidy/source_text.hpp"

namespace logdist::tidy {

/// Finds every full expression, as clang-format lays it out, that awaits twice, or
/// that awaits and branches. An argument list that branches beside an awaiting
/// argument counts, one that is awaited as a whole does not.
Faults check_awaits(const SourceText& source);

}  // namespace logdist::tidy
