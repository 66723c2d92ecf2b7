// The floors: which module may include what. A module is a room, such as `queue` or `sink/http`.
#pragma once

#include <optional>
#include <string_view>

#include "tests/tidy/fault.hpp"
#include "tests/tidy/source_text.hpp"

namespace logdist::tidy {

/// Decisions are sans-I/O: the floors up to this one see no loop, thread, socket or log.
inline constexpr int pure_floor_max = 2;

/// The floor of a module, 0 (base) to 9 (cli); none for a name that is no module.
std::optional<int> floor_of(std::string_view module);

/// Whether `user` may use `used`: itself, a module of a lower floor, or a room nested in it of its own floor, which
/// may not use it in turn.
bool may_use(std::string_view user, std::string_view used);

/// The module whose public or private source `path` is; empty when it is none's.
std::string_view module_of(std::string_view path);

/// Checks every #include of a source of include/ or src/, and that tests reach
/// into the private headers of their own module only.
Faults check_includes(const SourceText& source);

}  // namespace logdist::tidy
