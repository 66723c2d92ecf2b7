#include "logdist/queue/log/record.hpp"

#include <algorithm>
#include <charconv>

#include "logdist/base/check.hpp"
#include "logdist/base/crc32c.hpp"
#include "queue/log/wire.hpp"

namespace logdist::queue {
namespace {

constexpr std::string_view log_magic = "logdistq";
constexpr std::size_t header_crc_at = 12;  ///< of a record
constexpr char copy_flag = 1;

/// Spreads a number over 64 bits (the finalizer of MurmurHash3).
constexpr std::uint64_t mix_bits(std::uint64_t value) {
  value = (value ^ (value >> 33)) * 0xFF51AFD7ED558CCD;
  value = (value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53;
  return value ^ (value >> 33);
}

/// The head's checksum: all of it but the checksum itself.
std::uint32_t record_header_crc(const char* bytes, const SegmentMark& mark) {
  const std::uint32_t before = crc32c(mark.crc_seed, {bytes, header_crc_at});
  return crc32c(before, {bytes + header_crc_at + 4, record_header_bytes - header_crc_at - 4});
}

enum MetadataTag : char { packet_id_tag = 1, forwarded_headers_tag = 2, agent_tag = 3, path_tag = 4, receipt_tag = 5 };

void append_tagged(std::string& out, MetadataTag tag, std::string_view text) {
  if (text.empty()) return;
  out.push_back(tag);
  append_text(out, text);
}

/// Two numbers of 8 bytes.
void append_receipt(std::string& out, const core::Receipt& receipt) {
  if (!receipt.is_set()) return;
  std::string bytes;
  append_number(bytes, receipt.channel);
  append_number(bytes, receipt.number);
  append_tagged(out, receipt_tag, bytes);
}

core::Receipt receipt_of(std::string_view bytes) {
  PayloadReader reader(bytes);
  core::Receipt receipt;
  receipt.channel = reader.number<std::uint64_t>();
  receipt.number = reader.number<std::uint64_t>();
  return reader.ok() ? receipt : core::Receipt();
}

}  // namespace

SegmentMark SegmentHeader::mark() const {
  const std::uint64_t mixed = mix_bits(log_id ^ mix_bits(first_id));
  // Never 0: what was allocated and never written is no record.
  return {static_cast<std::uint32_t>(mixed) | 1, static_cast<std::uint32_t>(mixed >> 32)};
}

void encode_segment_header(const SegmentHeader& header, std::span<char, segment_header_bytes> out,
                           std::uint32_t version) {
  std::fill(out.begin(), out.end(), '\0');
  std::copy(log_magic.begin(), log_magic.end(), out.begin());
  put_number(out.data() + 8, version);
  put_number(out.data() + 12, static_cast<std::uint32_t>(segment_header_bytes));
  put_number(out.data() + 16, header.log_id);
  put_number(out.data() + 24, header.first_id);
  put_number(out.data() + 32, header.previous_first_id);
  put_number(out.data() + 40, header.previous_records);
  put_number(out.data() + 44, header.previous_stable);
  put_number(out.data() + 60, crc32c(0, {out.data(), 60}));
}

DecodedSegmentHeader decode_segment_header(std::string_view bytes) {
  DecodedSegmentHeader result;
  if (bytes.size() < segment_header_bytes ||
      bytes.substr(0, segment_header_bytes).find_first_not_of('\0') == std::string_view::npos) {
    result.state = bytes.find_first_not_of('\0') == std::string_view::npos ? SegmentHeaderState::blank
                                                                           : SegmentHeaderState::damaged;
    return result;
  }
  const char* const at = bytes.data();
  if (bytes.substr(0, log_magic.size()) != log_magic) return result;
  if (get_number<std::uint32_t>(at + 60) != crc32c(0, bytes.substr(0, 60))) return result;
  result.version = get_number<std::uint32_t>(at + 8);
  if (result.version < plain_format_version || result.version > log_format_version) {
    result.state = SegmentHeaderState::newer;
    return result;
  }
  result.state = SegmentHeaderState::good;
  result.header = {get_number<std::uint64_t>(at + 16), get_number<std::uint64_t>(at + 24),
                   get_number<std::uint64_t>(at + 32), get_number<std::uint32_t>(at + 40),
                   get_number<std::uint32_t>(at + 44)};
  return result;
}

std::string segment_name(std::uint64_t first_id) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name(16, '0');
  for (std::size_t digit = 16; digit-- > 0; first_id >>= 4) name[digit] = digits[first_id & 0xF];
  return name + ".log";
}

std::optional<std::uint64_t> parse_segment_name(std::string_view name) {
  if (name.size() != 20 || !name.ends_with(".log")) return std::nullopt;
  std::uint64_t first_id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + 16, first_id, 16);
  if (error != std::errc{} || end != name.data() + 16 || segment_name(first_id) != name) return std::nullopt;
  return first_id;
}

std::uint32_t payload_crc(std::string_view metadata, std::string_view body) {
  return crc32c(crc32c(0, metadata), body);
}

void encode_record_header(const RecordHeader& header, const SegmentMark& mark,
                          std::span<char, record_header_bytes> out) {
  char* const at = out.data();
  put_number(at, mark.magic);
  at[4] = static_cast<char>(header.type);
  at[5] = header.copy ? copy_flag : 0;
  put_number(at + 6, header.metadata_bytes);
  put_number(at + 8, header.body_bytes);
  put_number(at + 16, header.payload_crc);
  put_number(at + 20, header.messages);
  put_number(at + 24, header.ordinal);
  put_number(at + 28, header.stable);
  put_number(at + 32, header.id);
  put_number(at + 40, header.time_ns);
  put_number(at + header_crc_at, record_header_crc(at, mark));
}

std::optional<RecordHeader> decode_record_header(std::string_view bytes, const SegmentMark& mark) {
  if (bytes.size() < record_header_bytes) return std::nullopt;
  const char* const at = bytes.data();
  if (get_number<std::uint32_t>(at) != mark.magic) return std::nullopt;
  if (get_number<std::uint32_t>(at + header_crc_at) != record_header_crc(at, mark)) return std::nullopt;
  RecordHeader header;
  header.type = static_cast<RecordType>(at[4]);
  header.copy = (at[5] & copy_flag) != 0;
  header.metadata_bytes = get_number<std::uint16_t>(at + 6);
  header.body_bytes = get_number<std::uint32_t>(at + 8);
  header.payload_crc = get_number<std::uint32_t>(at + 16);
  header.messages = get_number<std::uint32_t>(at + 20);
  header.ordinal = get_number<std::uint32_t>(at + 24);
  header.stable = get_number<std::uint32_t>(at + 28);
  header.id = get_number<std::uint64_t>(at + 32);
  header.time_ns = get_number<std::int64_t>(at + 40);
  return header;
}

std::string encode_record(RecordHeader header, const SegmentMark& mark, std::string_view body) {
  LOGDIST_CHECK(body.size() <= record_body_bytes_max);
  header.metadata_bytes = 0;
  header.body_bytes = static_cast<std::uint32_t>(body.size());
  header.payload_crc = payload_crc({}, body);
  std::string out(record_header_bytes, '\0');
  encode_record_header(header, mark, std::span<char, record_header_bytes>(out.data(), record_header_bytes));
  out.append(body);
  out.resize(padded(out.size()), '\0');
  return out;
}

std::optional<std::string> encode_metadata(const PacketMetadata& metadata) {
  std::string out;
  out.reserve(metadata.packet_id.size() + metadata.forwarded_headers.size() + metadata.agent.size() +
              metadata.path.size() + 16);
  append_tagged(out, packet_id_tag, metadata.packet_id);
  append_tagged(out, forwarded_headers_tag, metadata.forwarded_headers);
  append_tagged(out, agent_tag, metadata.agent);
  append_tagged(out, path_tag, metadata.path);
  append_receipt(out, metadata.receipt);
  if (out.size() > metadata_bytes_max) return std::nullopt;
  return out;
}

std::optional<PacketMetadata> decode_metadata(std::string_view bytes) {
  PacketMetadata metadata;
  PayloadReader reader(bytes);
  while (reader.ok() && !reader.at_end()) {
    const char tag = reader.number<char>();
    const std::string_view text = reader.text();
    switch (tag) {
      case packet_id_tag: metadata.packet_id = text; break;
      case forwarded_headers_tag: metadata.forwarded_headers = text; break;
      case agent_tag: metadata.agent = text; break;
      case path_tag: metadata.path = text; break;
      case receipt_tag: metadata.receipt = receipt_of(text); break;
      default: break;
    }
  }
  if (!reader.ok()) return std::nullopt;
  return metadata;
}

}  // namespace logdist::queue
