// Tokens by which somebody is known, and their digests.
//
// Free functions without state, thread-safe. A token is a secret: it is never logged and never part of an error.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logdist::auth {

/// The SHA-256 of a token: what is kept instead of it.
using TokenDigest = std::array<std::uint8_t, 32>;

/// SHA-256 (FIPS 180-4), by OpenSSL.
TokenDigest digest_of(std::string_view token);

/// 64 hexadecimal digits, upper or lower case; none when `text` is anything else.
std::optional<TokenDigest> parse_digest(std::string_view text);

/// 64 hexadecimal digits in lower case.
std::string to_text(const TokenDigest& digest);

/// Takes the same time wherever they differ.
bool is_same(const TokenDigest& one, const TokenDigest& other);

/// Takes the same time wherever they differ; whether they are equally long, it may tell.
bool is_same_text(std::string_view one, std::string_view other);

/// A new one: `ld_` and 256 random bits in hexadecimal. Throws std::runtime_error when there is no randomness.
std::string make_token();

/// The token of an Authorization field, `Bearer TOKEN` (RFC 6750, 2.1); none when it has another form.
std::optional<std::string_view> bearer_token(std::string_view authorization);

}  // namespace logdist::auth
