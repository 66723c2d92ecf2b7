// The integers that the accounts are kept in, and their floor division.
#pragma once

#include <cstdint>

namespace logdist::balance {

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

/// whole + part / divisor, 0 ≤ part < divisor: a rational, exactly.
struct Quotient {
  int128 whole = 0;
  std::uint64_t part = 0;
};

/// `value` / `divisor`, rounded towards minus infinity. `divisor` > 0.
constexpr Quotient floor_divide(int128 value, std::uint64_t divisor) {
  const bool negative = value < 0;
  const uint128 magnitude = negative ? -static_cast<uint128>(value) : static_cast<uint128>(value);
  const uint128 floor = magnitude / divisor;
  const auto part = static_cast<std::uint64_t>(magnitude - floor * divisor);  // cheaper than % on 128 bits
  const auto whole = static_cast<int128>(floor);
  if (!negative) return {whole, part};
  return part == 0 ? Quotient{-whole, 0} : Quotient{-whole - 1, divisor - part};
}

/// `value`·`factor` / `divisor`, rounded towards minus infinity, without the
/// product ever being formed. `factor` ≤ 2^63, `divisor` > 0; the result has to fit.
constexpr Quotient multiply_divide(int128 value, std::uint64_t factor, std::uint64_t divisor) {
  const Quotient quotient = floor_divide(value, divisor);
  const uint128 rest = static_cast<uint128>(quotient.part) * factor;
  const uint128 floor = rest / divisor;
  return {quotient.whole * static_cast<int128>(factor) + static_cast<int128>(floor),
          static_cast<std::uint64_t>(rest - floor * divisor)};
}

}  // namespace logdist::balance
