// Which packets of the log are not done, segment by segment: one bit a packet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <unordered_map>
#include <vector>

#include "logdist/queue/log/segment_summary.hpp"

namespace logdist::queue {

/// One segment, open or closed.
struct LogSegment {
  std::uint64_t first_id = 0;
  std::uint64_t end_offset = 0;  ///< behind the last record that counts
  std::uint64_t file_bytes = 0;  ///< what it takes of the disk
  std::int64_t last_time_ns = 0;
  std::size_t live_packets = 0;
  std::size_t dead_letters = 0;      ///< packets of it that no analyzer took
  bool damaged = false;              ///< to be kept aside, not deleted
  std::vector<std::uint64_t> live;   ///< bits by id, from first_id on
  std::vector<std::uint64_t> moved;  ///< live copies, whose ids are smaller
};

/// Built by recovery from the segments' summaries, kept by the committer from then on. Segments go oldest first
/// only, so that no settlement is deleted before the packet it speaks of. One packet that is stuck would hold
/// everything behind it: when too many later segments are done, those that are left in the oldest are copied to
/// the end (moved), and keep their ids.
///
/// Sans-I/O. Not thread-safe.
class LogState {
 public:
  /// Closed segments that may wait behind the oldest before what is left in that is moved.
  static constexpr std::size_t pinned_segments_max = 8;

  /// The next segment, as recovery found it: its packets, then what it settles.
  void add_segment(std::uint64_t first_id, std::uint64_t file_bytes, const SegmentSummary& summary);
  /// The segment that is written from now on.
  void open_segment(std::uint64_t first_id, std::uint64_t file_bytes);

  /// A packet is in the newest segment and counts. An id that is live elsewhere has moved from there.
  void add_packet(PacketEntry packet, std::int64_t time_ns);
  /// It is done, `as` it says. False when it was not live: settled before, void, or lost.
  bool settle(PacketEntry packet, SettledAs as = SettledAs::delivered);

  /// Whether the record of `id` in the segment `first_id` is that of a packet which is not done.
  bool is_live(std::uint64_t id, std::uint64_t first_id) const;
  /// The segment with the record of a packet that is not done; null: it is done, or was never there.
  const LogSegment* home_of(std::uint64_t id) const;
  /// The ids in [from, until) that are live in that segment, ascending.
  std::vector<std::uint64_t> live_ids(std::uint64_t first_id, std::uint64_t from, std::uint64_t until) const;

  std::size_t live_packets() const { return live_packets_; }
  std::uint64_t live_messages() const { return live_messages_; }
  /// Bytes of all files.
  std::uint64_t file_bytes() const;

  const std::deque<LogSegment>& segments() const { return segments_; }
  LogSegment* find(std::uint64_t first_id);
  const LogSegment* find(std::uint64_t first_id) const;

  /// Whether the oldest segment has nothing left, and is not the newest.
  bool oldest_is_done() const { return segments_.size() > 1 && segments_.front().live_packets == 0; }
  /// Whether what is left in the oldest should be moved: too many behind it wait for it alone.
  bool oldest_pins_too_many() const;
  /// The oldest segment's file is gone.
  void remove_oldest();

 private:
  const LogSegment* segment_of(std::uint64_t id) const;
  static void set_bit(LogSegment& segment, std::uint64_t id);
  static bool clear_bit(LogSegment& segment, std::uint64_t id);
  LogSegment* drop(std::uint64_t id);

  std::deque<LogSegment> segments_;                            ///< by first_id
  std::unordered_map<std::uint64_t, std::uint64_t> moved_to_;  ///< id → first_id of the segment with its copy
  std::size_t live_packets_ = 0;
  std::uint64_t live_messages_ = 0;
};

}  // namespace logdist::queue
