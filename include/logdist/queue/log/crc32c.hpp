// CRC-32C (Castagnoli, as iSCSI and ext4 use it): finds what a disk or a torn write has changed.
#pragma once

#include <cstdint>
#include <string_view>

namespace logdist::queue {

/// The checksum of `bytes`, going on from `crc`: crc32c(crc32c(0, a), b) is that of a and b in one piece. 8 bytes at
/// a time where the processor has the instruction (SSE 4.2), by table elsewhere. Thread-safe.
std::uint32_t crc32c(std::uint32_t crc, std::string_view bytes);

/// The same by table: what the instruction is tested against.
std::uint32_t crc32c_by_table(std::uint32_t crc, std::string_view bytes);

}  // namespace logdist::queue
