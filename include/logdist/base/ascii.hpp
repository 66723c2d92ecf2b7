// ASCII text, whatever its case.
#pragma once

#include <algorithm>
#include <string_view>

namespace logdist {

inline char to_lower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : byte; }

/// Whether `given` is `known`, which is in lower case.
inline bool equals_in_lower_case(std::string_view given, std::string_view known) {
  return std::equal(given.begin(), given.end(), known.begin(), known.end(),
                    [](char byte, char known_byte) { return to_lower(byte) == known_byte; });
}

}  // namespace logdist
