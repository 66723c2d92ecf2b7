// Which bytes may stand where, by table.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace logdist::http {

/// Sets of bytes; a byte's entry in the table has a bit for each it is in.
enum ByteSet : std::uint8_t {
  token_byte = 1,   ///< of a token (RFC 9110, 5.6.2)
  line_byte = 2,    ///< of a field's value: all but controls, with HTAB (RFC 9110, 5.5)
  target_byte = 4,  ///< of a request's target: visible ASCII but `#`, which begins a fragment
  host_byte = 8,    ///< of a host's name: as RFC 3986 (3.2.2), but for `,` and `;`
};

constexpr std::array<std::uint8_t, 256> make_byte_sets() {
  constexpr std::string_view token_signs = "!#$%&'*+-.^_`|~";
  constexpr std::string_view host_signs = "-._~!$&'()*+=%";
  std::array<std::uint8_t, 256> sets{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char sign = static_cast<char>(byte);
    const bool alphanumeric =
        (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
    unsigned in = 0;
    if (alphanumeric || token_signs.find(sign) != token_signs.npos) in |= token_byte;
    if (byte == '\t' || (byte >= ' ' && byte != 0x7f)) in |= line_byte;
    if (byte > ' ' && byte < 0x7f && byte != '#') in |= target_byte;
    if (alphanumeric || host_signs.find(sign) != host_signs.npos) in |= host_byte;
    sets[byte] = static_cast<std::uint8_t>(in);
  }
  return sets;
}

inline constexpr std::array<std::uint8_t, 256> byte_sets = make_byte_sets();

constexpr bool is_in(char byte, ByteSet set) { return (byte_sets[static_cast<unsigned char>(byte)] & set) != 0; }

constexpr bool is_token_byte(char byte) { return is_in(byte, token_byte); }
constexpr bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }
constexpr bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

/// The value of a hexadecimal digit; 16 when it is none.
constexpr unsigned hex_value(char byte) {
  if (is_digit(byte)) return static_cast<unsigned>(byte - '0');
  if (byte >= 'a' && byte <= 'f') return static_cast<unsigned>(byte - 'a') + 10;
  if (byte >= 'A' && byte <= 'F') return static_cast<unsigned>(byte - 'A') + 10;
  return 16;
}

}  // namespace logdist::http
