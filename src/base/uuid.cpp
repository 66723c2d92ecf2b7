#include "logdist/base/uuid.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace logdist {
namespace {

constexpr std::uint64_t timestamp_bits = 48;
constexpr std::uint64_t version_7 = 0x7;
constexpr std::uint64_t variant_rfc9562 = 0b10;

/// By the value of a byte.
constexpr auto hex_digits = [] {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> table{};
  for (std::size_t byte = 0; byte < table.size(); ++byte) table[byte] = {digits[byte / 16], digits[byte % 16]};
  return table;
}();

}  // namespace

void make_uuid_v7(std::string& text, std::uint64_t unix_ms, Random& random) {
  const std::uint64_t rand_a = random.next() & 0xfff;
  const std::uint64_t rand_b = random.next() & ((std::uint64_t{1} << 62) - 1);
  const std::uint64_t high = (unix_ms << (64 - timestamp_bits)) | (version_7 << 12) | rand_a;
  const std::uint64_t low = (variant_rfc9562 << 62) | rand_b;

  text.resize(uuid_length);
  char* at = text.data();
  for (std::size_t byte = 0; byte < 16; ++byte) {
    if (byte == 4 || byte == 6 || byte == 8 || byte == 10) *at++ = '-';
    const std::uint64_t half = byte < 8 ? high : low;
    const auto& digits = hex_digits[(half >> (56 - 8 * (byte % 8))) & 0xff];
    at = std::copy(digits.begin(), digits.end(), at);
  }
}

}  // namespace logdist
