#include "logdist/queue/disk/settled_reader.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "logdist/queue/disk/segment_reader.hpp"
#include "logdist/queue/log/settled.hpp"
#include "queue/disk/log_impl.hpp"

namespace logdist::queue {
namespace {

/// Of the log that is read in one call, at most, when little of it is wanted.
constexpr std::uint64_t scan_bytes_max = std::uint64_t{8} << 20;

/// Ids, which lie close together: about a bit for each.
class IdSet {
 public:
  void add(std::uint64_t id) { chunks_[id / chunk_ids][id % chunk_ids / 64] |= bit(id); }
  bool has(std::uint64_t id) const {
    const auto chunk = chunks_.find(id / chunk_ids);
    return chunk != chunks_.end() && (chunk->second[id % chunk_ids / 64] & bit(id)) != 0;
  }

 private:
  static constexpr std::uint64_t chunk_ids = 4096;
  static std::uint64_t bit(std::uint64_t id) { return std::uint64_t{1} << (id % 64); }

  std::unordered_map<std::uint64_t, std::array<std::uint64_t, chunk_ids / 64>> chunks_;
};

struct ListedSegment {
  std::uint64_t first_id = 0;
  std::uint64_t end_offset = 0;
  bool may_have_packets = true;  ///< in the range
};

}  // namespace

class SettledReader::Impl {
 public:
  Impl(DurableLog::Impl& log, const SettledRange& range) : log_(log), range_(range) {
    const MutexLock lock(log_.shared.mutex);
    bool has_begun = false;
    for (const LogSegment& segment : log_.shared.state.segments()) {
      const bool may_have_packets = segment.last_time_ns >= range.from_ns;
      has_begun = has_begun || may_have_packets;
      if (!has_begun) continue;  // what settled its packets lies behind them
      // In the newest one, settlements lie behind what is known to count.
      const bool is_newest = &segment == &log_.shared.state.segments().back();
      const std::uint64_t end_offset = is_newest ? segment.file_bytes : segment.end_offset;
      segments_.push_back({segment.first_id, end_offset, may_have_packets});
      progress_.bytes_total += end_offset * (may_have_packets ? 2 : 1);
    }
  }

  bool read(std::size_t max_bytes, std::vector<SettledPacketRead>& packets) {
    std::size_t bytes = 0;
    const std::uint64_t scan_until = progress_.bytes + scan_bytes_max;
    while (bytes < max_bytes && progress_.bytes < scan_until) {
      if (!reader_ && !open_next()) return false;
      ScanStep step;
      const std::uint64_t before = reader_->offset();
      if (reader_->next(step)) {
        ++unreadable_;
        leave();
        continue;
      }
      if (step.kind == ScanStep::Kind::end) {
        leave();
        continue;
      }
      progress_.bytes += reader_->offset() - before;
      if (step.kind != ScanStep::Kind::record) continue;
      if (is_learning_) {
        learn(step);
      } else if (std::optional<SettledPacketRead> packet = wanted(step)) {
        bytes += step.header.payload_bytes();
        packets.push_back(std::move(*packet));
      }
    }
    return true;
  }

  ReadProgress progress() const { return progress_; }
  std::uint64_t unreadable() const { return unreadable_; }

 private:
  void leave() {
    progress_.bytes = std::max(progress_.bytes, passed_ + segments_[next_ - 1].end_offset);
    reader_.reset();
  }

  /// False: there is none.
  bool open_next() {
    for (;;) {
      if (next_ == segments_.size()) {
        if (!is_learning_) return false;
        is_learning_ = false;
        next_ = 0;
        continue;
      }
      const ListedSegment& segment = segments_[next_++];
      if (!is_learning_ && !segment.may_have_packets) continue;
      passed_ = progress_.bytes;
      if (open(segment)) return true;
      progress_.bytes = passed_ + segment.end_offset;
    }
  }

  bool open(const ListedSegment& segment) {
    std::error_code error;
    std::unique_ptr<File> file =
        log_.files.open(log_.options.directory + "/" + segment_name(segment.first_id), FileSystem::Open::read, error);
    if (!file) {
      if (error != std::errc::no_such_file_or_directory) ++unreadable_;  // else it is kept no longer
      return false;
    }
    const SegmentMark mark = SegmentHeader{.log_id = log_.shared.log_id, .first_id = segment.first_id}.mark();
    reader_.emplace(std::move(file), mark, segment.end_offset);
    return true;
  }

  void learn(const ScanStep& step) {
    if (step.header.type == RecordType::packet && step.header.copy) copied_.add(step.header.id);
    if (step.header.type != RecordType::settled) return;
    const auto groups = decode_settled(step.body);
    if (!groups) return;
    for (const SettledGroup& group : *groups) {
      IdSet& ids = group.as == SettledAs::delivered ? delivered_ : group.as == SettledAs::dead_lettered ? dead_ : gone_;
      for (const PacketEntry& packet : group.packets) {
        // Earlier versions have written those of the segment that was open again at a start, all as delivered.
        if (!dead_.has(packet.id) && !gone_.has(packet.id)) ids.add(packet.id);
      }
    }
  }

  std::optional<SettledPacketRead> wanted(const ScanStep& step) const {
    const RecordHeader& header = step.header;
    if (header.type != RecordType::packet || header.time_ns < range_.from_ns || header.time_ns >= range_.to_ns)
      return std::nullopt;
    if (!header.copy && copied_.has(header.id)) return std::nullopt;  // the copy is the packet
    const bool dead_letter = dead_.has(header.id);
    if (!dead_letter && (range_.dead_letters || !delivered_.has(header.id))) return std::nullopt;
    return SettledPacketRead{
        {header.id, header.messages, header.time_ns, std::string(step.metadata), std::string(step.body)}, dead_letter};
  }

  DurableLog::Impl& log_;
  const SettledRange range_;
  std::vector<ListedSegment> segments_;
  std::size_t next_ = 0;
  bool is_learning_ = true;
  IdSet delivered_;
  IdSet dead_;
  IdSet gone_;    ///< handed back, or lost
  IdSet copied_;  ///< by a record that counts instead of another
  std::optional<SegmentReader> reader_;
  std::uint64_t passed_ = 0;  ///< of the progress, when the segment was opened
  ReadProgress progress_;
  std::uint64_t unreadable_ = 0;
};

SettledReader::SettledReader(DurableLog& log, const SettledRange& range)
    : impl_(std::make_unique<Impl>(log.impl(), range)) {}
SettledReader::~SettledReader() = default;

bool SettledReader::read(std::size_t max_bytes, std::vector<SettledPacketRead>& packets) {
  return impl_->read(max_bytes, packets);
}
ReadProgress SettledReader::progress() const { return impl_->progress(); }
std::uint64_t SettledReader::unreadable() const { return impl_->unreadable(); }

}  // namespace logdist::queue
