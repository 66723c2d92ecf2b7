#include "logdist/queue/disk/packet_reader.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "logdist/queue/disk/segment_reader.hpp"
#include "queue/disk/log_impl.hpp"

namespace logdist::queue {

class PacketReader::Impl {
 public:
  Impl(DurableLog::Impl& log, std::uint64_t from, std::uint64_t until, LogPosition start)
      : log_(log), from_(from), until_(until), start_(start) {
    const MutexLock lock(log_.shared.mutex);
    log_.shared.reader_positions[this] = 0;
    if (log_.shared.state.segments().empty()) return;
    const LogSegment& newest = log_.shared.state.segments().back();
    horizon_ = {newest.first_id, newest.end_offset};
  }
  ~Impl() {
    const MutexLock lock(log_.shared.mutex);
    log_.shared.reader_positions.erase(this);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  bool read(std::size_t max_bytes, std::vector<StoredPacket>& packets) {
    const std::size_t before = packets.size();
    const bool has_more = read_on(max_bytes, packets);
    if (packets.size() > before) log_.files.reached(CrashPoint::packets_read_back);
    return has_more;
  }

  void give_up_missing() {
    if (paused_at_ != 0) settle_missing();
  }

  std::uint64_t lost() const { return lost_; }

 private:
  bool read_on(std::size_t max_bytes, std::vector<StoredPacket>& packets) {
    std::size_t bytes = 0;
    while (bytes < max_bytes) {
      if (!reader_ && !go_on() && !next_segment()) return false;
      ScanStep step;
      const std::uint64_t offset = reader_->offset();
      const std::error_code error = reader_->next(step);
      if (error) {
        log_.listener.noticed({LogNotice::Kind::read_failed, segment_name(first_id_), offset, 0, error});
        leave_segment();
      } else if (step.kind == ScanStep::Kind::end) {
        pause();
      } else if (is_wanted(step, offset)) {
        packets.push_back({step.header.id, step.header.messages, step.header.time_ns, std::string(step.metadata),
                           std::string(step.body), LogPosition{first_id_, offset}});
        bytes += step.header.payload_bytes();
      }
    }
    return true;
  }

  bool is_wanted(const ScanStep& step, std::uint64_t offset) {
    if (step.kind != ScanStep::Kind::record || step.header.type != RecordType::packet) return false;
    seen_.push_back(step.header.id);
    // What has moved since this reader was made was behind it, or it would not have moved.
    if (step.header.copy && std::pair(first_id_, offset) >= horizon_) return false;
    if (step.header.id < from_ || step.header.id >= until_) return false;
    const MutexLock lock(log_.shared.mutex);
    return log_.shared.state.is_live(step.header.id, first_id_);
  }

  /// All of the segment that there was is read.
  void pause() {
    paused_at_ = reader_->offset();
    reader_.reset();
  }

  void leave_segment() {
    reader_.reset();
    paused_at_ = 0;
    seen_.clear();
  }

  /// Opens the segment that was paused, if it has grown. Else it is left, unless it may still grow.
  bool go_on() {
    if (paused_at_ == 0) return false;
    std::uint64_t end_offset = 0;
    bool is_newest = false;
    {
      const MutexLock lock(log_.shared.mutex);
      if (const LogSegment* const segment = log_.shared.state.find(first_id_)) end_offset = segment->end_offset;
      is_newest = log_.shared.state.segments().back().first_id == first_id_;
    }
    if (end_offset > paused_at_) return open(end_offset, paused_at_);
    if (is_newest) return false;
    if (end_offset != 0) settle_missing();
    leave_segment();
    return false;
  }

  /// Opens the next segment that has something; false: there is none.
  bool next_segment() {
    while (paused_at_ == 0) {
      std::uint64_t end_offset = 0;
      {
        const MutexLock lock(log_.shared.mutex);
        const auto& segments = log_.shared.state.segments();
        const auto next = std::find_if(segments.begin(), segments.end(), [&](const LogSegment& segment) {
          return (begun_ ? segment.first_id > first_id_ : segment.first_id >= start_.first_id) &&
                 segment.live_packets > 0;
        });
        if (next == segments.end()) return false;
        begun_ = true;
        log_.shared.reader_positions[this] = next->first_id;
        first_id_ = next->first_id;
        end_offset = next->end_offset;
      }
      if (open(end_offset, first_id_ == start_.first_id && start_.offset != 0 ? start_.offset : segment_header_bytes)) {
        return true;
      }
    }
    return false;
  }

  bool open(std::uint64_t end_offset, std::uint64_t offset) {
    std::error_code error;
    std::unique_ptr<File> file =
        log_.files.open(log_.options.directory + "/" + segment_name(first_id_), FileSystem::Open::read, error);
    if (!file) {
      // Done meanwhile, and gone; or not to be read now: another reader may.
      if (error != std::errc::no_such_file_or_directory) {
        log_.listener.noticed({LogNotice::Kind::read_failed, segment_name(first_id_), 0, 0, error});
      }
      leave_segment();
      return false;
    }
    const SegmentMark mark = SegmentHeader{.log_id = log_.shared.log_id, .first_id = first_id_}.mark();
    reader_.emplace(std::move(file), mark, end_offset, offset);
    paused_at_ = 0;
    return true;
  }

  /// What is live in this segment and was not found is damaged.
  void settle_missing() {
    std::vector<std::uint64_t> missing;
    std::sort(seen_.begin(), seen_.end());
    {
      const MutexLock lock(log_.shared.mutex);
      LogSegment* const segment = log_.shared.state.find(first_id_);
      if (segment == nullptr || segment->end_offset != paused_at_) return;
      const std::vector<std::uint64_t> live = log_.shared.state.live_ids(first_id_, from_, until_);
      std::set_difference(live.begin(), live.end(), seen_.begin(), seen_.end(), std::back_inserter(missing));
      if (missing.empty()) return;
      segment->damaged = true;
      log_.shared.counters.damaged_records += missing.size();
    }
    lost_ += missing.size();
    seen_.insert(seen_.end(), missing.begin(), missing.end());
    log_.listener.noticed({LogNotice::Kind::damaged_records, segment_name(first_id_), 0, missing.size(), {}});
    std::vector<SettledPacket> settled;
    for (const std::uint64_t id : missing) settled.push_back({id, 0, SettledAs::lost, {}});
    log_.intake.settle(settled);
  }

  DurableLog::Impl& log_;
  const std::uint64_t from_;
  const std::uint64_t until_;
  const LogPosition start_;
  std::optional<SegmentReader> reader_;  ///< of the segment `first_id_`
  std::uint64_t first_id_ = 0;
  std::uint64_t paused_at_ = 0;  ///< all before it is read, and there may be more; 0: not paused
  bool begun_ = false;
  std::uint64_t lost_ = 0;
  std::vector<std::uint64_t> seen_;                    ///< whole records in this segment
  std::pair<std::uint64_t, std::uint64_t> horizon_{};  ///< the log's end when this was made
};

PacketReader::PacketReader(DurableLog& log, std::uint64_t from, std::uint64_t until, LogPosition start)
    : impl_(std::make_unique<Impl>(log.impl(), from, until, start)) {}
PacketReader::~PacketReader() = default;
PacketReader::PacketReader(PacketReader&&) noexcept = default;
PacketReader& PacketReader::operator=(PacketReader&&) noexcept = default;

bool PacketReader::read(std::size_t max_bytes, std::vector<StoredPacket>& packets) {
  return impl_->read(max_bytes, packets);
}

void PacketReader::give_up_missing() { impl_->give_up_missing(); }
std::uint64_t PacketReader::lost() const { return impl_->lost(); }

}  // namespace logdist::queue
