#include "queue/disk/recovery.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "logdist/os/disk_error.hpp"
#include "logdist/queue/disk/segment_reader.hpp"

namespace logdist::queue {
namespace {

constexpr std::uint64_t ids_of_a_start = std::uint64_t{1} << 32;

struct FoundSegment {
  std::uint64_t first_id = 0;
  std::uint64_t file_bytes = 0;
  std::string path;
  std::string name;
  DecodedSegmentHeader header;
};

/// Of a process that did not close it.
struct OpenSegment {
  std::uint64_t first_id = 0;
  std::string path;
  std::uint64_t end_offset = 0;
};

OpenError disk_error(const std::string& what, const std::error_code& error) {
  return {OpenError::Kind::disk, what + ": " + os::disk_error_text(error.value()) + "."};
}

class Recovery {
 public:
  Recovery(const std::string& directory, bool sync, FileSystem& files, const RecoveryNews& news, RecoveredLog& log)
      : directory_(directory), sync_(sync), files_(files), news_(news), log_(log) {}

  OpenError run() {
    if (OpenError error = list(); error.kind != OpenError::Kind::none) return error;
    if (OpenError error = read_headers(); error.kind != OpenError::Kind::none) return error;
    drop_blank();
    ScanProgress progress;
    progress.segments_total = segments_.size();
    for (const FoundSegment& segment : segments_) progress.bytes_total += segment.file_bytes;
    news_.progress(progress);
    for (std::size_t index = 0; index < segments_.size(); ++index) {
      if (OpenError error = add(index); error.kind != OpenError::Kind::none) return error;
      ++progress.segments;
      progress.bytes += segments_[index].file_bytes;
      news_.progress(progress);
    }
    trim_open_ones();
    // Records that are torn or void may have larger ones, and ids are never used again: each start has its own.
    log_.next_id = ids_of_a_start * (log_.next_id / ids_of_a_start + 1);
    return {};
  }

 private:
  OpenError list() {
    std::vector<FileEntry> entries;
    if (const std::error_code error = files_.list(directory_, entries)) return disk_error(directory_, error);
    for (FileEntry& entry : entries) {
      if (const auto first_id = parse_segment_name(entry.name)) {
        segments_.push_back({*first_id, entry.bytes, directory_ + "/" + entry.name, entry.name, {}});
        log_.next_id = std::max(log_.next_id, *first_id + 1);
      } else if (entry.name == "reserve") {
        log_.reserve_bytes = entry.bytes;
      } else if (entry.name.ends_with(".damaged")) {
        log_.damaged_bytes += entry.bytes;
      }
    }
    std::sort(segments_.begin(), segments_.end(),
              [](const FoundSegment& left, const FoundSegment& right) { return left.first_id < right.first_id; });
    return {};
  }

  OpenError read_headers() {
    for (FoundSegment& segment : segments_) {
      if (const std::error_code error = read_segment_header(files_, segment.path, segment.header)) {
        return disk_error(segment.path, error);
      }
      const bool good = segment.header.state == SegmentHeaderState::good;
      if (segment.header.state == SegmentHeaderState::newer) {
        return {OpenError::Kind::newer_version, newer_version_text(segment.path, segment.header.version)};
      }
      if (good && log_.log_id == 0) log_.log_id = segment.header.header.log_id;
    }
    return {};
  }

  /// Files at the end that were made and not begun: no record was ever acknowledged in them.
  void drop_blank() {
    while (!segments_.empty() && segments_.back().header.state == SegmentHeaderState::blank) {
      // If it cannot be removed it is empty all the same, and the next start finds it again.
      static_cast<void>(files_.remove(segments_.back().path));
      segments_.pop_back();
    }
  }

  OpenError add(std::size_t index) {
    const FoundSegment& segment = segments_[index];
    SegmentHeader header = segment.header.header;
    const bool good = segment.header.state == SegmentHeaderState::good && header.first_id == segment.first_id;
    // Its head is lost; what its records look like follows from the log's id and its name.
    if (!good) header = {.log_id = log_.log_id, .first_id = segment.first_id};

    std::optional<std::uint32_t> records_max;
    std::uint32_t stable = 0;
    // A segment that could not be begun may lie between the two.
    for (std::size_t later = index + 1; later < segments_.size() && !records_max; ++later) {
      const DecodedSegmentHeader& next = segments_[later].header;
      if (next.state != SegmentHeaderState::good || next.header.previous_first_id != segment.first_id) continue;
      records_max = next.header.previous_records;
      stable = next.header.previous_stable;
    }
    std::optional<SegmentSummary> summary;
    std::error_code error = read_sealed_summary(files_, segment.path, header.mark(), segment.file_bytes, summary);
    const bool is_sealed = summary && (!records_max || summary->records == *records_max);
    if (!error && !is_sealed) {
      ++log_.segments_scanned;
      SummaryBuilder builder(log_.balance, records_max, stable);
      error = scan_segment(files_, segment.path, header.mark(), segment.file_bytes, builder);
      summary = builder.finish();
    }
    if (!error && sync_) error = sync_segment(files_, segment.path);
    if (error) return disk_error(segment.path, error);
    // A head is synced before anything counts: without one, and without records, it was never begun.
    const bool counts = good || summary->records > 0 || records_max;
    if (counts && !good) summary->damaged.push_back({0, 1});
    use(segment, *summary, counts, is_sealed);
    if (counts && !is_sealed && summary->damaged.empty() && summary->end_offset < segment.file_bytes) {
      open_ones_.push_back({segment.first_id, segment.path, summary->end_offset});
    }
    return {};
  }

  /// What the process before would have filled is given back: otherwise each start that ends in a kill takes a whole
  /// segment's space of the disk, for as long as an older packet is not settled. What is damaged stays as it is.
  void trim_open_ones() {
    for (const OpenSegment& segment : open_ones_) {
      std::error_code error;
      const std::unique_ptr<File> file = files_.open(segment.path, FileSystem::Open::write, error);
      // One that cannot be cut only takes more space.
      if (!file || file->truncate(segment.end_offset)) continue;
      log_.state.find(segment.first_id)->file_bytes = segment.end_offset;
    }
  }

  void use(const FoundSegment& segment, const SegmentSummary& summary, bool counts, bool is_sealed) {
    log_.state.add_segment(segment.first_id, segment.file_bytes, summary);
    if (summary.balance) log_.balance = summary.balance;
    for (const PacketEntry& packet : summary.packets) log_.next_id = std::max(log_.next_id, packet.id + 1);
    for (const DamagedStretch& stretch : summary.damaged) {
      log_.damaged_records += stretch.records;
      news_.notice({LogNotice::Kind::damaged_records, segment.name, stretch.offset, stretch.records, {}});
    }
    if (summary.torn_records > 0) {
      news_.notice({LogNotice::Kind::torn_tail, segment.name, summary.end_offset, summary.torn_records, {}});
    }
    if (!counts) return;
    log_.settled_in_doubt = is_sealed ? std::vector<SettledGroup>() : summary.settled_groups();
    log_.last = {.previous_first_id = segment.first_id,
                 .previous_records = summary.records,
                 .previous_stable = std::min(summary.records, summary.stable)};
  }

  const std::string& directory_;
  const bool sync_;
  FileSystem& files_;
  const RecoveryNews& news_;
  RecoveredLog& log_;
  std::vector<FoundSegment> segments_;
  std::vector<OpenSegment> open_ones_;
};

}  // namespace

std::string newer_version_text(const std::string& path, std::uint32_t version) {
  return path + " is of format " + std::to_string(version) + "; this program reads none above " +
         std::to_string(log_format_version) +
         ". Start the version that wrote it, let the queue drain, and change versions then.";
}

OpenError recover(const std::string& directory, bool sync, FileSystem& files, const RecoveryNews& news,
                  RecoveredLog& log) {
  return Recovery(directory, sync, files, news, log).run();
}

}  // namespace logdist::queue
