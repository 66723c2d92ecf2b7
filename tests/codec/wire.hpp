// Writes protobuf's wire format by hand, also as nobody else writes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace logdist::test {

/// `number` in at least `length` bytes.
inline std::string varint(std::uint64_t number, std::size_t length = 1) {
  std::string bytes;
  while (number >= 0x80 || length > bytes.size() + 1) {
    bytes += static_cast<char>(0x80 | (number & 0x7f));
    number >>= 7;
  }
  return bytes += static_cast<char>(number);
}

inline std::string tag(std::uint64_t field, unsigned wire_type, std::size_t length = 1) {
  return varint(field << 3 | wire_type, length);
}

/// A message, a string, or bytes.
inline std::string field(std::uint64_t number, std::string_view content, std::size_t length_bytes = 1) {
  return tag(number, 2) + varint(content.size(), length_bytes) + std::string(content);
}

inline std::string group(std::uint64_t number, std::string_view content) {
  return tag(number, 3) + std::string(content) + tag(number, 4);
}

}  // namespace logdist::test
