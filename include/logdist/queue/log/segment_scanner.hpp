// Finds the records of a segment, whatever else lies there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "logdist/queue/log/record.hpp"

namespace logdist::queue {

/// What one step has found at the beginning of the window.
struct ScanStep {
  enum class Kind : std::uint8_t {
    need_more,  ///< the window is to begin where it did, with at least `bytes` bytes
    record,     ///< a record, whole and unharmed
    bad,        ///< bytes that are none
    zeros,      ///< bytes that are none, all of them 0
    end,        ///< of the file
  };
  Kind kind = Kind::end;
  std::size_t bytes = 0;  ///< passed over, or needed
  RecordHeader header;    ///< of a record
  std::string_view metadata;
  std::string_view body;
};

/// Sans-I/O: it is given windows of the file and says how far it has come. Bytes that are no record are passed over
/// to the next head that checks, at a multiple of 8; the zeros behind the last record are no damage. Whoever reads
/// decides what a gap means: a torn tail that was never acknowledged, or damage (SegmentSummary).
/// Reads forward only.
class SegmentScanner {
 public:
  /// Of a file of `file_bytes`, from `offset` on: behind its head, or where a record begins.
  SegmentScanner(const SegmentMark& mark, std::uint64_t file_bytes, std::uint64_t offset = segment_header_bytes);

  /// Looks at `window`, which begins at offset() and ends within the file. Each step but need_more moves offset().
  ScanStep next(std::string_view window);

  std::uint64_t offset() const { return offset_; }
  std::uint64_t file_bytes() const { return file_bytes_; }

 private:
  ScanStep pass_over(std::string_view window, std::size_t from);

  SegmentMark mark_;
  std::uint64_t file_bytes_;
  std::uint64_t offset_;
};

}  // namespace logdist::queue
