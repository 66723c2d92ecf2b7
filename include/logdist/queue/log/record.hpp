// How the durable queue lies on disk: the head of a segment, and the records in it. docs/durable-queue.md.
//
// Nothing an agent sends can pass for a record: a segment's records begin with a mark and their checksums with a
// seed that are drawn from the log's id, which is random and leaves the machine in no answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "logdist/core/receipt.hpp"

namespace logdist::queue {

/// The newest that is read, and that of segments with batches.
inline constexpr std::uint32_t log_format_version = 2;
/// Of segments without: the programs before batches read them.
inline constexpr std::uint32_t plain_format_version = 1;
inline constexpr std::size_t segment_header_bytes = 64;
inline constexpr std::size_t record_header_bytes = 48;
inline constexpr std::size_t metadata_bytes_max = 65'535;
inline constexpr std::size_t record_body_bytes_max = std::size_t{1} << 30;

/// What tells the records of one segment from anything else.
struct SegmentMark {
  std::uint32_t magic = 0;
  std::uint32_t crc_seed = 0;
};

/// The first 64 bytes of a segment. Their layout is that of every version.
struct SegmentHeader {
  std::uint64_t log_id = 0;             ///< random, the same in all segments of a directory
  std::uint64_t first_id = 0;           ///< also the file's name; no packet in it has a smaller id, but for copies
  std::uint64_t previous_first_id = 0;  ///< the segment before; 0: none
  std::uint32_t previous_records = 0;   ///< records of that one that count; what lies behind them is void
  std::uint32_t previous_stable = 0;    ///< of them, known to have been on stable storage

  SegmentMark mark() const;
};

enum class SegmentHeaderState : std::uint8_t { good, blank, damaged, newer };

struct DecodedSegmentHeader {
  SegmentHeaderState state = SegmentHeaderState::damaged;
  std::uint32_t version = 0;  ///< when good or newer
  SegmentHeader header;       ///< when good
};

void encode_segment_header(const SegmentHeader& header, std::span<char, segment_header_bytes> out,
                           std::uint32_t version = plain_format_version);
/// `bytes`: the first 64 of a file, or all when there are fewer.
DecodedSegmentHeader decode_segment_header(std::string_view bytes);

/// `<first id, 16 hexadecimal digits>.log`.
std::string segment_name(std::uint64_t first_id);
/// The first id in such a name; none for other files.
std::optional<std::uint64_t> parse_segment_name(std::string_view name);

enum class RecordType : std::uint8_t {
  packet = 1,   ///< metadata and body of an accepted packet
  settled = 2,  ///< packets that are done, by analyzer
  balance = 3,  ///< what each analyzer is owed
  seal = 4,     ///< a closed segment's summary, its last record
  batch = 5,    ///< packet records, compressed together; `messages` says how many
};

/// The head of a record; metadata and body follow, then zeros up to a multiple of 8 bytes.
struct RecordHeader {
  RecordType type = RecordType::packet;
  std::uint16_t metadata_bytes = 0;
  std::uint32_t body_bytes = 0;
  std::uint32_t payload_crc = 0;  ///< of metadata and body, by payload_crc()
  std::uint32_t messages = 0;
  /// Counts the records of a segment from 0, without gaps. Those in a batch are counted, and it has that of its first.
  std::uint32_t ordinal = 0;
  std::uint32_t stable = 0;  ///< records of this segment known to be on stable storage when this one was written
  std::uint64_t id = 0;      ///< of a packet, else 0
  std::int64_t time_ns = 0;  ///< when it was received, since 1970
  bool copy = false;         ///< moved here from an older segment

  std::size_t payload_bytes() const { return std::size_t{metadata_bytes} + body_bytes; }
};

constexpr std::size_t padded(std::size_t bytes) { return (bytes + 7) & ~std::size_t{7}; }

/// Bytes on disk of a record with such a payload.
constexpr std::size_t record_bytes(std::size_t payload) { return padded(record_header_bytes + payload); }

std::uint32_t payload_crc(std::string_view metadata, std::string_view body);

void encode_record_header(const RecordHeader& header, const SegmentMark& mark,
                          std::span<char, record_header_bytes> out);
/// None unless these 48 bytes are the head of a record of that segment, unharmed.
std::optional<RecordHeader> decode_record_header(std::string_view bytes, const SegmentMark& mark);

/// A record of ours that holds `body` alone, whole.
std::string encode_record(RecordHeader header, const SegmentMark& mark, std::string_view body);

/// What is kept of a packet beside its bytes and messages. Views: of the packet, or of the record.
struct PacketMetadata {
  std::string_view packet_id{};
  std::string_view forwarded_headers{};
  std::string_view agent{};  ///< who sent it: address or identity
  std::string_view path{};
  core::Receipt receipt{};

  bool operator==(const PacketMetadata&) const = default;
};

/// At most metadata_bytes_max bytes, else none.
std::optional<std::string> encode_metadata(const PacketMetadata& metadata);
/// Tags that are not known are passed over. None when it is no metadata.
std::optional<PacketMetadata> decode_metadata(std::string_view bytes);

}  // namespace logdist::queue
