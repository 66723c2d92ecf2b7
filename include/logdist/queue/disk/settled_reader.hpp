// Reads packets that are done, as long as their segments are kept: for a replay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "logdist/queue/disk/durable_log.hpp"
#include "logdist/queue/disk/packet_reader.hpp"

namespace logdist::queue {

/// Of which packets. Times in nanoseconds since 1970.
struct SettledRange {
  std::int64_t from_ns = std::numeric_limits<std::int64_t>::min();  ///< received from then on
  std::int64_t to_ns = std::numeric_limits<std::int64_t>::max();    ///< and before then
  bool dead_letters = false;                                        ///< only those that no analyzer took
};

struct SettledPacketRead {
  StoredPacket packet;
  bool dead_letter = false;
};

/// How far a reader has come.
struct ReadProgress {
  std::uint64_t bytes = 0;
  std::uint64_t bytes_total = 0;
};

/// Goes through the log as it was when this was made, oldest first: once for what the settlements in it say, then for
/// the packets. What goes meanwhile, because it is retained no longer, is passed over. Holds a window of 1 MiB, and
/// about a bit for each packet. Packets that were handed back to their agents, or are damaged, are not read. Confined
/// to one thread; the log outlives it.
class SettledReader {
 public:
  SettledReader(DurableLog& log, const SettledRange& range);
  ~SettledReader();
  SettledReader(const SettledReader&) = delete;
  SettledReader& operator=(const SettledReader&) = delete;

  /// Adds packets until they hold `max_bytes`, or so much of the log was read without finding as many. False: that was
  /// all.
  bool read(std::size_t max_bytes, std::vector<SettledPacketRead>& packets);
  ReadProgress progress() const;
  /// Segments that could not be read to their end.
  std::uint64_t unreadable() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace logdist::queue
