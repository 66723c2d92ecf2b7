// What a start finds in the directory.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "logdist/queue/disk/durable_log.hpp"
#include "logdist/queue/log/log_state.hpp"
#include "logdist/queue/log/record.hpp"

namespace logdist::queue {

struct RecoveredLog {
  LogState state;
  std::optional<BalanceFigures> balance;
  std::uint64_t log_id = 0;
  std::uint64_t next_id = 1;  ///< larger than any that was used: starts with the number of the start, above 32 bits
  SegmentHeader last;         ///< what the next segment's head is to say of its predecessor
  std::uint64_t reserve_bytes = 0;  ///< of the file `reserve`; 0: there is none
  std::uint64_t damaged_bytes = 0;  ///< of files that were set aside
  std::uint64_t damaged_records = 0;
  std::uint64_t segments_scanned = 0;
  /// Of the segment that was open. A sync of it may have failed just before the end: what is read of it need not
  /// be on stable storage, even if it is synced now. What a sealed one says had been synced before.
  std::vector<SettledGroup> settled_in_doubt;
};

/// Whom a recovery tells of what it finds, and how far it is.
struct RecoveryNews {
  std::function<void(const LogNotice&)> notice;
  std::function<void(const ScanProgress&)> progress;
};

/// Of a segment of another version: what to do.
std::string newer_version_text(const std::string& path, std::uint32_t version);

/// Reads the directory; it is locked. Removes files in which nothing was ever written, and takes from those that were
/// open the space behind what counts. An error when a segment is of another version or cannot be read: then nothing
/// that was written has changed. `sync`: what it finds is
/// on stable storage afterwards, so that it is found again.
OpenError recover(const std::string& directory, bool sync, FileSystem& files, const RecoveryNews& news,
                  RecoveredLog& log);

}  // namespace logdist::queue
