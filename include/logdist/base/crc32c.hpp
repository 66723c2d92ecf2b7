// CRC-32C (Castagnoli, RFC 3720): the checksum of the durable queue's records and of framed snappy.
#pragma once

#include <cstdint>
#include <string_view>

namespace logdist {

/// The checksum of `bytes`, going on from `crc`: crc32c(crc32c(0, a), b) is that of a and b in one piece. By isa-l,
/// which uses the processor's instruction, where it is there; else by table. Thread-safe.
std::uint32_t crc32c(std::uint32_t crc, std::string_view bytes);

/// The same by table: what isa-l's is tested against.
std::uint32_t crc32c_by_table(std::uint32_t crc, std::string_view bytes);

}  // namespace logdist
