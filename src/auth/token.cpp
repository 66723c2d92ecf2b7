#include "logdist/auth/token.hpp"

#include <algorithm>
#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "logdist/base/check.hpp"

namespace logdist::auth {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

std::string to_hex(const TokenDigest& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

}  // namespace

TokenDigest digest_of(std::string_view token) {
  TokenDigest digest{};
  unsigned size = 0;
  const int done = EVP_Digest(token.data(), token.size(), digest.data(), &size, EVP_sha256(), nullptr);
  LOGDIST_CHECK(done == 1 && size == digest.size());
  return digest;
}

std::optional<TokenDigest> parse_digest(std::string_view text) {
  TokenDigest digest{};
  if (text.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char letter = text[i] >= 'A' && text[i] <= 'F' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    const std::size_t digit = digits.find(letter);
    if (digit == digits.npos) return std::nullopt;
    digest[i / 2] = static_cast<std::uint8_t>(16U * digest[i / 2] + digit);
  }
  return digest;
}

std::string to_text(const TokenDigest& digest) { return to_hex(digest); }

bool is_same(const TokenDigest& one, const TokenDigest& other) {
  return CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

bool is_same_text(std::string_view one, std::string_view other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

std::string make_token() {
  TokenDigest bytes{};  // as many as a digest has
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("no token was made: the system has no random numbers");
  }
  return "ld_" + to_hex(bytes);
}

std::optional<std::string_view> bearer_token(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer";
  const std::size_t blank = authorization.find(' ');
  if (blank != scheme.size() || !std::equal(scheme.begin(), scheme.end(), authorization.begin(),
                                            [](char wanted, char given) { return wanted == (given | 0x20); })) {
    return std::nullopt;
  }
  authorization.remove_prefix(std::min(authorization.size(), authorization.find_first_not_of(' ', blank)));
  if (authorization.empty() || authorization.find_first_of(" \t,") != authorization.npos) return std::nullopt;
  return authorization;
}

}  // namespace logdist::auth
