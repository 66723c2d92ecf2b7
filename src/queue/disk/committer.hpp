// Writes what the intake has taken, one commit at a time. docs/durable-queue.md says what holds at each point.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "logdist/base/mutex.hpp"
#include "logdist/queue/disk/durable_log.hpp"
#include "logdist/queue/log/log_state.hpp"
#include "queue/disk/intake.hpp"
#include "queue/disk/recovery.hpp"
#include "queue/disk/segment_file.hpp"

namespace logdist::queue {

/// Monotonic for waits, and the time of day for retention.
struct Instant {
  TimePoint steady;
  std::int64_t unix_ns = 0;
};

/// What the committer, readers and status share.
struct LogShared {
  mutable Mutex mutex;
  LogState state LOGDIST_GUARDED_BY(mutex);  ///< changed by the committer alone
  LogStatus counters LOGDIST_GUARDED_BY(mutex);
  /// Where the readers are: what they have not passed does not move.
  std::map<const void*, std::uint64_t> reader_positions LOGDIST_GUARDED_BY(mutex);
  std::uint64_t log_id = 0;  ///< constant once the log is open
};

/// Writes what the intake has taken, one commit at a time. docs/durable-queue.md says what holds at each point.
/// Confined to one thread.
class Committer {
 public:
  /// Settlements without a packet to ride with wait so long.
  static constexpr Duration settlement_delay = std::chrono::milliseconds(100);
  static constexpr Duration retry_delay = std::chrono::seconds(1);
  /// Settlements that a failed sync would have us write again; more are synced at once.
  static constexpr std::size_t unsynced_bytes_max = std::size_t{1} << 20;
  static constexpr std::size_t group_records_max = 1024;
  static constexpr std::uint64_t reserve_bytes_max = std::uint64_t{8} << 20;
  /// Of max_disk, for files that are done and are kept for their dead letters alone.
  static constexpr std::uint64_t dead_letter_share = 4;

  Committer(const DurableLogOptions& options, FileSystem& files, DurableLogListener& listener, Intake& intake,
            LogShared& shared, RecoveredLog recovered);

  /// Opens the first segment. False: see last_error().
  bool begin(Instant now);
  /// Does what is due; when it is to be called again at the latest.
  TimePoint step(Instant now);
  /// Writes, syncs and seals everything.
  void close(Instant now);

  const std::error_code& last_error() const { return last_error_; }

 private:
  /// A record of ours, to be written in this order.
  struct ControlRecord {
    RecordType type = RecordType::settled;
    std::string payload;
  };
  enum class SegmentUse : std::uint8_t { packets, controls };

  static bool is_full(const std::error_code& error);

  // committer.cpp: from the intake to the disk
  void absorb(IntakeBatch& batch);
  void absorb_settled(IntakeBatch& batch, std::size_t begin, std::size_t end);
  void settle_kept();
  void pack_settled();
  void drop_superseded();
  bool commit(std::span<const PendingPacket> packets);
  bool write_controls(SegmentUse use, std::uint64_t next_packet_id);
  bool write_packets(std::span<const PendingPacket> packets);
  bool write_group();
  bool sync();
  void acknowledge();
  void refuse(std::span<const PendingPacket> packets);
  void report(std::span<const PendingPacket> packets, StoreOutcome outcome);
  void call_loops();
  void tell_doubt();
  TimePoint next_step() const;

  // committer_segments.cpp: segments come and go
  /// `next_packet_id`: of the packet that it is for, 0 for none.
  bool open_segment(SegmentUse use, std::uint64_t next_packet_id, std::size_t payload_bytes);
  std::unique_ptr<File> make_file(const std::string& path, std::uint64_t& bytes, SegmentUse use);
  std::unique_ptr<File> take_reserve(const std::string& path, std::uint64_t& bytes);
  bool roll(SegmentUse use, std::uint64_t next_packet_id, std::size_t payload_bytes);
  bool seal();
  void abandon_segment();
  bool make_reserve();
  std::uint64_t used_bytes() const;
  std::uint64_t reserve_wanted() const { return std::min(options_.segment_bytes, reserve_bytes_max); }
  bool room_for_segment(std::uint64_t bytes) const;
  bool find_room(std::uint64_t bytes);
  void set_refusal(AppendResult refusal);
  /// The disk has refused: tells it, and when to try again. Always false.
  bool failed(const std::error_code& error, LogNotice::Kind kind, std::uint64_t first_id);
  std::string path_of(std::uint64_t first_id) const { return options_.directory + "/" + segment_name(first_id); }

  // committer_tidy.cpp: what is done goes, what is stuck moves
  void tidy();
  bool oldest_may_go() const;
  bool oldest_should_move() const;
  bool give_up_oldest();
  bool remove_oldest();
  void move_survivors();
  bool copy_survivors(std::uint64_t first_id, std::uint64_t file_bytes, std::vector<std::uint64_t>& ids);
  bool register_copies(std::vector<PacketEntry>& copies);
  void give_up(std::uint64_t first_id, std::span<const std::uint64_t> ids);
  void try_again();

  const DurableLogOptions& options_;
  FileSystem& files_;
  DurableLogListener& listener_;
  Intake& intake_;
  LogShared& shared_;

  std::unique_ptr<SegmentFile> segment_;  ///< none while the disk refuses
  bool segment_takes_packets_ = false;
  SegmentHeader previous_;                 ///< what the next segment's head says of the one before
  std::optional<BalanceFigures> balance_;  ///< at the end of what counts, while no segment is open

  std::vector<SettledGroup> settled_;    ///< absorbed, not yet in a record
  std::vector<SettledPacket> kept_;      ///< settled before they are written, and written all the same
  std::deque<ControlRecord> outgoing_;   ///< to be written
  std::vector<ControlRecord> unsynced_;  ///< written since the last sync
  std::size_t unsynced_bytes_ = 0;
  std::size_t controls_in_group_ = 0;         ///< the first of `outgoing_`
  std::vector<PendingPacket> group_packets_;  ///< added to the segment's group
  std::vector<PendingPacket> unsynced_packets_;
  std::vector<LoopId> loops_to_call_;

  Instant now_;
  TimePoint next_commit_{};
  TimePoint settle_due_ = never;
  TimePoint retry_at_{};   ///< no new segment before
  TimePoint remove_at_{};  ///< no file is removed before
  TimePoint check_at_{};   ///< whether there is room again
  std::uint64_t last_first_id_ = 0;
  std::uint64_t balance_version_ = 0;  ///< of the last balance that was given
  std::uint64_t last_reported_ = 0;    ///< packets up to this one have their report, or were elided
  std::uint64_t reserve_bytes_ = 0;
  std::uint64_t damaged_bytes_ = 0;
  unsigned failures_ = 0;           ///< in a row
  bool directory_unsynced_ = true;  ///< an earlier process may have removed a file, too
  AppendResult refusal_ = AppendResult::taken;
  std::error_code last_error_;
};

}  // namespace logdist::queue
