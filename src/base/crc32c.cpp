#include "logdist/base/crc32c.hpp"

#include <array>
#include <cstddef>

#if LOGDIST_WITH_ISAL
#include <isa-l/crc.h>
#endif

namespace logdist {
namespace {

constexpr std::array<std::uint32_t, 256> crc_table = [] {
  constexpr std::uint32_t polynomial = 0x82F63B78;  // reflected
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
    table[byte] = crc;
  }
  return table;
}();

}  // namespace

std::uint32_t crc32c_by_table(std::uint32_t crc, std::string_view bytes) {
  std::uint32_t state = ~crc;
  for (const char byte : bytes) state = (state >> 8) ^ crc_table[(state ^ static_cast<unsigned char>(byte)) & 0xFF];
  return ~state;
}

#if LOGDIST_WITH_ISAL

std::uint32_t crc32c(std::uint32_t crc, std::string_view bytes) {
  constexpr std::size_t most_at_once = std::size_t{1} << 30;  // its length is an int
  std::uint32_t state = ~crc;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, most_at_once);
    // The library's input is not const, but only read.
    auto* const data = reinterpret_cast<unsigned char*>(const_cast<char*>(piece.data()));
    state = crc32_iscsi(data, static_cast<int>(piece.size()), state);
    bytes.remove_prefix(piece.size());
  }
  return ~state;
}

#else

std::uint32_t crc32c(std::uint32_t crc, std::string_view bytes) { return crc32c_by_table(crc, bytes); }

#endif

}  // namespace logdist
