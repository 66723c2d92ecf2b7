// Finds numbers which simdjson is slow to convert.
//
// simdjson converts every number that it reads. One with a fraction or an exponent
// and more than 19 significant digits goes to its exact algorithm: up to 600 ns a
// byte, half a second per MiB, for a value which is never used. Numbers are searched
// for before a body is parsed; a body which has one goes to the other parser.
#pragma once

#include <cstddef>
#include <string_view>

namespace logdist::codec {

/// More significant digits than this, and simdjson leaves its fast path. (It has no
/// other way off it: shorter numbers never need the exact algorithm, see Mushtak and
/// Lemire, "Fast number parsing without fallback", 2023.)
inline constexpr std::size_t fast_digits_max = 19;

/// Whether `text`, read as JSON, may hold a number of more than `fast_digits_max`
/// significant digits. False is certain; true may also be some text within a string
/// that looks like one, but not a string which is all digits. 0.2 ns a byte.
bool may_have_long_number(std::string_view text);

}  // namespace logdist::codec
