// The places where a crash would be most awkward, by name. docs/durable-queue.md says what must hold at each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace logdist::queue {

enum class CrashPoint : std::uint8_t {
  lock_taken,
  recovery_scanned,
  segment_created,
  segment_directory_synced,
  segment_opened,
  journal_before_write,
  journal_written,
  journal_synced,
  journal_acknowledged,
  journal_settled_written,
  journal_write_failed,
  journal_sync_failed,
  segment_seal_written,
  segment_sealed,
  segment_before_unlink,
  segment_unlinked,
  segment_set_aside,
  survivors_copied,
  reserve_made,
  reserve_taken,
  packets_read_back,
};

inline constexpr std::array<std::string_view, 21> crash_point_names{
    "lock.taken",           "recovery.scanned",        "segment.created",       "segment.directory-synced",
    "segment.opened",       "journal.before-write",    "journal.written",       "journal.synced",
    "journal.acknowledged", "journal.settled-written", "journal.write-failed",  "journal.sync-failed",
    "segment.seal-written", "segment.sealed",          "segment.before-unlink", "segment.unlinked",
    "segment.set-aside",    "survivors.copied",        "reserve.made",          "reserve.taken",
    "packets.read-back",
};

inline std::string_view name_of(CrashPoint point) { return crash_point_names[static_cast<std::size_t>(point)]; }

}  // namespace logdist::queue
