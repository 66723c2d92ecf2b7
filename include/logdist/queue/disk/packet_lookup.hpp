// Reads one packet that is not done by its id.
#pragma once

#include <cstdint>

#include "logdist/queue/disk/durable_log.hpp"
#include "logdist/queue/disk/packet_reader.hpp"

namespace logdist::queue {

/// What became of a look for a packet.
enum class LookupOutcome : std::uint8_t {
  found,
  lost,         ///< its record is damaged, or gone: counted, told, and settled as lost
  unavailable,  ///< the disk refuses now: told, and to be tried again
};

/// Reads the packet `id`, which is not done, into `packet`. `place` is where its record was when it was written or last
/// read; one that was moved since is searched for in its segment, which costs reading that. Any thread but the
/// committer's.
LookupOutcome find_packet(DurableLog& log, std::uint64_t id, LogPosition place, StoredPacket& packet);

}  // namespace logdist::queue
