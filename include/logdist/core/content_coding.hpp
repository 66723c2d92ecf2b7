// What a Content-Encoding says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace logdist::core {

/// How a body is compressed as a whole (RFC 9110, 8.4).
enum class ContentCoding : std::uint8_t {
  identity,
  gzip,     ///< members of RFC 1952, all of them
  deflate,  ///< the format of zlib (RFC 1950), or raw deflate (RFC 1951), which many send
  zstd,     ///< frames of RFC 8878, all of them, with windows of at most 8 MiB (RFC 9659)
  snappy,   ///< one block, or the framed format
};
inline constexpr std::size_t content_coding_count = 5;

/// What an answer 415 names in Accept-Encoding.
inline constexpr std::string_view accepted_codings = "gzip, deflate, zstd, snappy";

/// The coding of that name, of any case; `x-gzip` is gzip. None when it is unknown.
std::optional<ContentCoding> find_coding(std::string_view name);

const char* to_string(ContentCoding coding);

}  // namespace logdist::core
