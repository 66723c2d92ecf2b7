// Reads a segment, record by record, through one window of its file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include "logdist/queue/disk/files/file_system.hpp"
#include "logdist/queue/log/segment_scanner.hpp"
#include "logdist/queue/log/segment_summary.hpp"

namespace logdist::queue {

/// Reads a segment, record by record, through one window of its file. Those in a batch are steps like others, with the
/// offset and the bytes of their batch; one that cannot be expanded is bad bytes.
/// Holds one window, 1 MiB or as much as the largest record, and the records of one batch.
class SegmentReader {
 public:
  static constexpr std::size_t window_bytes = std::size_t{1} << 20;

  /// Up to `file_bytes`, from `offset` on.
  SegmentReader(std::unique_ptr<File> file, const SegmentMark& mark, std::uint64_t file_bytes,
                std::uint64_t offset = segment_header_bytes);

  /// The next step of the scan, never need_more; its views are good until the next call. An error ends it.
  std::error_code next(ScanStep& step);

  /// Where the next step begins.
  std::uint64_t offset() const { return has_more_of_batch() ? in_batch_->offset : scanner_.offset(); }

 private:
  struct Batch {
    std::uint64_t offset = 0;  ///< of its record
    std::size_t bytes = 0;     ///< of its record
    std::string records;
    SegmentScanner scanner;
  };

  bool has_more_of_batch() const { return in_batch_ && in_batch_->scanner.offset() < in_batch_->records.size(); }
  std::error_code fill(std::size_t bytes);
  bool next_of_batch(ScanStep& step);
  void enter_batch(ScanStep& step);

  const SegmentMark mark_;
  std::unique_ptr<File> file_;
  SegmentScanner scanner_;
  std::string window_;
  std::uint64_t window_offset_ = 0;
  std::optional<Batch> in_batch_;  ///< whose record was the last step, or is the next
};

/// The head of a segment's file.
std::error_code read_segment_header(FileSystem& files, const std::string& path, DecodedSegmentHeader& header);

/// The summary in the file's seal; none when it has no good one.
std::error_code read_sealed_summary(FileSystem& files, const std::string& path, const SegmentMark& mark,
                                    std::uint64_t file_bytes, std::optional<SegmentSummary>& summary);

/// What a killed process has written of it, and not synced, is on stable storage from then on.
std::error_code sync_segment(FileSystem& files, const std::string& path);

/// Scans the whole file into `builder`.
std::error_code scan_segment(FileSystem& files, const std::string& path, const SegmentMark& mark,
                             std::uint64_t file_bytes, SummaryBuilder& builder);

}  // namespace logdist::queue
