// Compressed bodies, as agents make them: by zlib, libzstd and libsnappy.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "logdist/core/content_coding.hpp"

namespace logdist::test {

std::string gzip(std::string_view content, int level = 6);
std::string zlib(std::string_view content, int level = 6);
std::string raw_deflate(std::string_view content, int level = 6);
/// With a checksum; `window_log` 0: what the level has.
std::string zstd(std::string_view content, int level = 3, int window_log = 0);
std::string snappy_block(std::string_view content);
/// The framed format; chunks of at most `chunk_bytes`, each that would not shrink left as it is.
std::string snappy_framed(std::string_view content, std::size_t chunk_bytes = std::size_t{64} << 10);

/// The usual form of the coding.
std::string compress(core::ContentCoding coding, std::string_view content);

}  // namespace logdist::test
