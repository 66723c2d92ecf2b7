// Reads back packets that are not done: after a start, and those whose bodies were dropped from memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "logdist/queue/disk/durable_log.hpp"

namespace logdist::queue {

/// A packet as it was appended.
struct StoredPacket {
  std::uint64_t id = 0;
  std::uint32_t messages = 0;
  std::int64_t received_at_ns = 0;
  std::string metadata;
  std::string body;
  LogPosition place{};  ///< where it was read
};

/// Goes once through the log, in its order, which is that of age but for packets that were moved; at the end it can
/// go on with what has come meanwhile. Its place in the log is all that it holds, however much there is to read. A
/// record that is found damaged is counted, and its packet settled as lost. Confined to one thread, which need not be
/// the committer's; the log outlives it.
class PacketReader {
 public:
  /// Packets with ids in [from, until), of which none is stored before `start`.
  PacketReader(DurableLog& log, std::uint64_t from, std::uint64_t until, LogPosition start = {});
  ~PacketReader();
  PacketReader(PacketReader&&) noexcept;
  PacketReader& operator=(PacketReader&&) noexcept;

  /// Adds packets until they hold `max_bytes`, at least one if there is one. False: that was the end, as of now.
  bool read(std::size_t max_bytes, std::vector<StoredPacket>& packets);
  /// At the end: settles what should have been found in the newest segment, too, and was not.
  void give_up_missing();
  /// Packets whose records were damaged, so far.
  std::uint64_t lost() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace logdist::queue
