// The segment that is being written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "logdist/queue/disk/files/file_system.hpp"
#include "logdist/queue/log/record_batch.hpp"
#include "logdist/queue/log/segment_summary.hpp"

namespace logdist::queue {

/// Appends groups of records. After an error it is done for: nothing more is written to it, sync included. Used by
/// the committer alone.
class SegmentFile {
 public:
  /// Of an allocated, empty file. `balance`: the figures as they stand when it begins. `compress`: the
  /// packets of a group together. Throws std::bad_alloc.
  SegmentFile(std::unique_ptr<File> file, const SegmentHeader& header, std::uint64_t capacity,
              const std::optional<BalanceFigures>& balance, bool compress);

  /// Writes and syncs its head and the balance.
  std::error_code begin();

  /// Bytes of a file in which one packet with such a payload is sure to fit, beside a balance.
  static std::uint64_t bytes_for(std::size_t balance_bytes, std::size_t payload_bytes, bool in_batch);
  /// Whether another record with such a payload fits.
  bool fits(std::size_t payload_bytes) const;
  /// Adds a record to the group; ordinal and sizes are filled in. Metadata and body stay until write(). Throws
  /// std::bad_alloc.
  void add(RecordHeader header, std::string_view metadata, std::string_view body);
  std::size_t group_records() const { return group_.size(); }
  /// Writes the group, and nothing else from then on if that fails.
  std::error_code write();
  /// All that was written counts and is on stable storage.
  std::error_code sync();
  /// All that was written counts, wherever it is: sync mode `off`.
  void count_written() { counted_ = written_; }
  /// Closes it with its summary, after sync().
  std::error_code write_seal();
  /// Gives back what was allocated and not used.
  std::error_code trim();

  const SegmentHeader& header() const { return header_; }
  std::uint32_t counted() const { return counted_; }
  std::uint32_t stable() const { return stable_; }
  bool has_unsynced() const { return stable_ != written_; }
  std::uint64_t end_offset() const { return offset_; }
  /// Where the next packet of the group will be, or the batch that it is in.
  std::uint64_t next_offset() const { return offset_ + group_bytes_; }
  /// As a recovery would find it, if all that is written counts.
  const std::optional<BalanceFigures>& balance() const { return builder_.so_far().balance; }

 private:
  struct GroupRecord {
    RecordHeader header;
    std::array<char, record_header_bytes> bytes{};
    std::string_view body;
    std::uint64_t bytes_in_file = 0;  ///< all of a batch are its last record's
    std::string batch{};              ///< payload of the batch that this record ends
  };

  void add_to_batch(const RecordHeader& header, std::string_view metadata, std::string_view body);
  void close_batch();
  void gather(GroupRecord& record, const RecordHeader& header, std::string_view metadata, std::string_view body);

  std::unique_ptr<File> file_;
  const SegmentHeader header_;
  const SegmentMark mark_;
  const std::uint64_t capacity_;
  const std::string first_balance_;
  std::optional<BatchWriter> batches_;  ///< none: packets are written as they are
  SummaryBuilder builder_;
  std::deque<GroupRecord> group_;
  std::vector<iovec> pieces_;
  std::uint64_t offset_ = segment_header_bytes;
  std::uint64_t group_bytes_ = 0;
  std::uint64_t seal_bytes_ = 0;
  std::uint32_t written_ = 0;  ///< records
  std::uint32_t counted_ = 0;
  std::uint32_t stable_ = 0;
};

}  // namespace logdist::queue
