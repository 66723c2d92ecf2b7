// "did you mean": the known name closest to a wrong one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace logdist::config {

/// Damerau–Levenshtein distance, in its optimal string alignment form: how many
/// insertions, deletions, replacements and swaps of neighbours lead from one to
/// the other (Damerau, 1964). Time and space: product of the lengths.
std::size_t edit_distance(std::string_view left, std::string_view right);

/// "; did you mean `delivery.timeout`?" for the key `wrong` found at the level
/// `level` ("" at the top); empty when nothing is close. A key of the same level
/// is named without it.
std::string key_hint(std::string_view level, std::string_view wrong);

/// The same for the name of an environment variable.
std::string variable_hint(std::string_view wrong);

}  // namespace logdist::config
