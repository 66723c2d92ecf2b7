// "did you mean": the known word closest to a wrong one.
//
// Free functions without state, thread-safe.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace logdist {

/// Longer words than that resemble none.
inline constexpr std::size_t compared_length_max = 64;

/// Damerau–Levenshtein distance, in its optimal string alignment form: how many
/// insertions, deletions, replacements and swaps of neighbours lead from one to
/// the other (Damerau, 1964). Time and space: product of the lengths.
std::size_t edit_distance(std::string_view left, std::string_view right);

/// Mistakes a word of that length may have to be recognised.
std::size_t mistakes_max(std::size_t length);

/// The closest of `known`, the first among equals, of those at most
/// `distance_max` edits away; empty when there is none.
std::string_view closest(std::string_view wrong, std::span<const std::string> known, std::size_t distance_max);

}  // namespace logdist
