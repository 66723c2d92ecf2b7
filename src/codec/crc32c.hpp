// The checksum of the framed snappy format.
#pragma once

#include <cstdint>
#include <string_view>

namespace logdist::codec {

/// CRC-32C (Castagnoli) of `bytes`.
std::uint32_t crc32c(std::string_view bytes);

}  // namespace logdist::codec
