#include "logdist/base/uuid.hpp"

#include <array>

namespace logdist {
namespace {

constexpr std::uint64_t timestamp_bits = 48;
constexpr std::uint64_t version_7 = 0x7;
constexpr std::uint64_t variant_rfc9562 = 0b10;

}  // namespace

void make_uuid_v7(std::string& text, std::uint64_t unix_ms, Random& random) {
  static constexpr char digits[] = "0123456789abcdef";
  const std::uint64_t rand_a = random.next() & 0xfff;
  const std::uint64_t rand_b = random.next() & ((std::uint64_t{1} << 62) - 1);
  const std::uint64_t high = (unix_ms << (64 - timestamp_bits)) | (version_7 << 12) | rand_a;
  const std::uint64_t low = (variant_rfc9562 << 62) | rand_b;

  text.resize(uuid_length);
  std::size_t at = 0;
  const std::array<std::uint64_t, 2> halves{high, low};
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) text[at++] = '-';
    const std::uint64_t half = halves[static_cast<std::size_t>(nibble / 16)];
    text[at++] = digits[(half >> (60 - 4 * (nibble % 16))) & 0xf];
  }
}

}  // namespace logdist
