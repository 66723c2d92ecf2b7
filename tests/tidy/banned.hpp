// What our sources never say, each with the reason and the better way.
#pragma once

#include "tests/tidy/fault.hpp"
#include "tests/tidy/source_text.hpp"

namespace logdist::tidy {

Faults check_banned(const SourceText& source);

}  // namespace logdist::tidy
