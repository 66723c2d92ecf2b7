// How large a room may become before it is two.
#pragma once

#include <cstddef>
#include <vector>

#include "tests/tidy/fault.hpp"
#include "tests/tidy/source_text.hpp"

namespace logdist::tidy {

/// Lines with code on them, of the private and the public sources of a room together.
inline constexpr std::size_t room_lines_max = 2'500;

/// Lines of `source` that are neither empty nor a comment.
std::size_t code_lines(const SourceText& source);

/// Checks every room that has sources among `sources`.
Faults check_room_sizes(const std::vector<SourceText>& sources);

}  // namespace logdist::tidy
