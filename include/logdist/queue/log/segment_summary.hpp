// What recovery needs of a segment: which packets it has, which it says are done, and the balance at its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logdist/queue/log/balance_figures.hpp"
#include "logdist/queue/log/record.hpp"
#include "logdist/queue/log/segment_scanner.hpp"
#include "logdist/queue/log/settled.hpp"

namespace logdist::queue {

/// A stretch of a segment that should have been records.
struct DamagedStretch {
  std::uint64_t offset = 0;
  std::uint32_t records = 0;

  bool operator==(const DamagedStretch&) const = default;
};

/// A closed segment carries its summary in its last record, the seal, so that a start reads kilobytes of it and no
/// bodies. Where there is no seal, or it is damaged, SummaryBuilder makes the same of all records.
struct SegmentSummary {
  std::uint32_t records = 0;  ///< that count: behind the last of them nothing does
  std::uint64_t end_offset = segment_header_bytes;
  std::int64_t last_time_ns = 0;            ///< of its packets, when they were received; 0: it has none
  std::vector<PacketEntry> packets;         ///< in the order of the file
  std::vector<PacketEntry> settled;         ///< packets of this segment and of earlier ones
  std::vector<std::uint64_t> dead_letters;  ///< of the settled ones, those that no analyzer took
  std::optional<BalanceFigures> balance;

  // Not in a seal: only whole segments have one.
  std::uint32_t stable = 0;                ///< records known to have been on stable storage
  std::vector<DamagedStretch> damaged;     ///< what had been on stable storage, and is not there
  std::uint32_t torn_records = 0;          ///< at least; were never acknowledged under `always`
  std::vector<std::uint64_t> handed_back;  ///< of the settled ones, those that went back to their agents
  std::vector<std::uint64_t> lost;         ///< and those whose records were damaged

  /// The settled ones by how they were, as a `settled` record has them. Without analyzers: their charges are in the
  /// balance.
  std::vector<SettledGroup> settled_groups() const;
};

/// The body of the seal that closes a segment with this summary; the record begins at `end_offset`.
std::string encode_seal(const SegmentSummary& summary);
/// None when it is no such payload.
std::optional<SegmentSummary> decode_seal(std::string_view payload);

/// The last 8 bytes of a sealed file: where the seal begins. `file_bytes` for one that is none.
std::uint64_t seal_offset(std::string_view last_bytes, std::uint64_t file_bytes);
/// The summary in the seal, of which `record` are all bytes from seal_offset() on. None: it is to be scanned.
std::optional<SegmentSummary> read_seal(std::string_view record, const SegmentMark& mark, std::uint64_t offset);

/// Makes a summary, record by record as they were written or as a scan finds them.
class SummaryBuilder {
 public:
  /// `balance`: the figures at the end of the segment before. `records_max`: what lies behind so many is void,
  /// and `stable` of them were on stable storage, as the next segment's head says.
  explicit SummaryBuilder(std::optional<BalanceFigures> balance, std::optional<std::uint32_t> records_max = {},
                          std::uint32_t stable = 0);

  /// A step of the scanner that began at `offset`.
  void add(const ScanStep& step, std::uint64_t offset);
  /// A record that is being written, or was read.
  void add_record(const RecordHeader& header, std::string_view body, std::uint64_t end_offset);

  /// After the last step. The records known to be stable decide what is damage.
  SegmentSummary finish();

  const SegmentSummary& so_far() const { return summary_; }

 private:
  struct Gap {
    std::uint64_t offset = 0;
    std::uint32_t first_record = 0;
    std::uint32_t next_record = 0;
  };

  void close_gap(std::uint32_t next_record);

  SegmentSummary summary_;
  std::optional<std::uint32_t> records_max_;
  std::optional<std::uint64_t> bad_since_;
  bool bad_bytes_ = false;  ///< since then: not only zeros
  std::vector<Gap> gaps_;
};

}  // namespace logdist::queue
