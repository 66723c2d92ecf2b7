// Bytes that are nearly requests, from a seeded generator.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "logdist/base/random.hpp"

namespace logdist::test {

/// Mostly what requests are made of, and anything else.
inline std::string random_bytes(Random& random, std::size_t count) {
  static constexpr std::string_view likely = "\r\n\r\n :;,0123456789abcdefPOST/HTTP1.1\"[]{}\\\t";
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) {
    bytes += random.below(4) == 0 ? static_cast<char>(random.below(256)) : likely[random.below(likely.size())];
  }
  return bytes;
}

/// One to five of `good` in a row with a few bytes changed, lost, doubled or put in.
inline std::string broken_requests(Random& random, const std::vector<std::string>& good) {
  std::string bytes;
  for (std::uint64_t i = random.below(5) + 1; i > 0; --i) bytes += good[random.below(good.size())];
  for (std::uint64_t i = random.below(6); i > 0 && !bytes.empty(); --i) {
    const std::size_t at = random.below(bytes.size());
    const std::size_t count = random.below(random.below(4) == 0 ? 60 : 3) + 1;
    switch (random.below(4)) {
      case 0: bytes.replace(at, count, random_bytes(random, count)); break;
      case 1: bytes.erase(at, count); break;
      case 2: bytes.insert(at, bytes.substr(at, count)); break;
      default: bytes.insert(at, random_bytes(random, count)); break;
    }
  }
  return bytes;
}

}  // namespace logdist::test
