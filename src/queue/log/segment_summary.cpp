#include "logdist/queue/log/segment_summary.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "queue/log/wire.hpp"

namespace logdist::queue {
namespace {

void append_entries(std::string& out, const std::vector<PacketEntry>& entries) {
  append_varint(out, entries.size());
  std::uint64_t last = 0;
  for (const PacketEntry& entry : entries) {
    append_difference(out, last, entry.id);
    append_varint(out, entry.messages);
    last = entry.id;
  }
}

/// An addition to the first version's seal: longer than what may follow there.
void append_ids(std::string& out, const std::vector<std::uint64_t>& ids) {
  append_number<std::uint64_t>(out, ids.size());
  std::uint64_t last = 0;
  for (const std::uint64_t id : ids) {
    append_difference(out, last, id);
    last = id;
  }
}

std::vector<std::uint64_t> read_ids(PayloadReader& reader) {
  std::vector<std::uint64_t> ids;
  const auto count = reader.number<std::uint64_t>();
  if (count > reader.left()) return ids;
  ids.reserve(count);
  std::uint64_t last = 0;
  for (std::uint64_t index = 0; index < count && reader.ok(); ++index) ids.push_back(last = reader.difference(last));
  return ids;
}

std::vector<PacketEntry> read_entries(PayloadReader& reader) {
  std::vector<PacketEntry> entries;
  const std::uint64_t count = reader.varint();
  if (count > reader.left() / 2) return entries;
  entries.reserve(count);
  std::uint64_t last = 0;
  for (std::uint64_t index = 0; index < count && reader.ok(); ++index) {
    last = reader.difference(last);
    entries.push_back({last, static_cast<std::uint32_t>(reader.varint())});
  }
  return entries;
}

/// Null: most are delivered, and are not listed.
std::vector<std::uint64_t>* ids_settled_as(SettledAs as, SegmentSummary& summary) {
  switch (as) {
    case SettledAs::delivered: break;
    case SettledAs::dead_lettered: return &summary.dead_letters;
    case SettledAs::handed_back: return &summary.handed_back;
    case SettledAs::lost: return &summary.lost;
  }
  return nullptr;
}

}  // namespace

std::vector<SettledGroup> SegmentSummary::settled_groups() const {
  std::unordered_map<std::uint64_t, SettledAs> not_delivered;
  for (const std::uint64_t id : dead_letters) not_delivered.emplace(id, SettledAs::dead_lettered);
  for (const std::uint64_t id : handed_back) not_delivered.emplace(id, SettledAs::handed_back);
  for (const std::uint64_t id : lost) not_delivered.emplace(id, SettledAs::lost);
  std::vector<SettledGroup> groups;
  for (const SettledAs as : {SettledAs::delivered, SettledAs::dead_lettered, SettledAs::handed_back, SettledAs::lost}) {
    SettledGroup group{{}, as, 0, {}};
    for (const PacketEntry& packet : settled) {
      const auto found = not_delivered.find(packet.id);
      if ((found == not_delivered.end() ? SettledAs::delivered : found->second) == as) group.packets.push_back(packet);
    }
    if (!group.packets.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

std::string encode_seal(const SegmentSummary& summary) {
  std::string out;
  append_varint(out, summary.records);
  append_number(out, summary.last_time_ns);
  append_entries(out, summary.packets);
  append_entries(out, summary.settled);
  append_text(out, summary.balance ? encode_balance(*summary.balance) : std::string());
  if (!summary.dead_letters.empty()) append_ids(out, summary.dead_letters);
  // So that head and payload fill their record, whose last 8 bytes say where it begins.
  out.resize(padded(out.size()), '\0');
  append_number(out, summary.end_offset);
  return out;
}

std::optional<SegmentSummary> decode_seal(std::string_view payload) {
  PayloadReader reader(payload);
  SegmentSummary summary;
  summary.records = static_cast<std::uint32_t>(reader.varint());
  summary.stable = summary.records;
  summary.last_time_ns = reader.number<std::int64_t>();
  summary.packets = read_entries(reader);
  summary.settled = read_entries(reader);
  const std::string_view balance = reader.text();
  if (!balance.empty()) {
    summary.balance = decode_balance(balance);
    if (!summary.balance) return std::nullopt;
  }
  constexpr std::size_t end_bytes_max = 15;  // padding, and where it begins
  if (reader.left() > end_bytes_max) summary.dead_letters = read_ids(reader);
  if (!reader.ok() || reader.left() < 8 || reader.left() > end_bytes_max) return std::nullopt;
  summary.end_offset = get_number<std::uint64_t>(payload.data() + payload.size() - 8);
  return summary;
}

std::uint64_t seal_offset(std::string_view last_bytes, std::uint64_t file_bytes) {
  if (last_bytes.size() < 8) return file_bytes;
  const auto offset = get_number<std::uint64_t>(last_bytes.data() + last_bytes.size() - 8);
  const bool possible = offset >= segment_header_bytes && offset % 8 == 0 && offset < file_bytes &&
                        file_bytes - offset >= record_header_bytes + 8;
  return possible ? offset : file_bytes;
}

std::optional<SegmentSummary> read_seal(std::string_view record, const SegmentMark& mark, std::uint64_t offset) {
  SegmentScanner scanner(mark, offset + record.size(), offset);
  const ScanStep step = scanner.next(record);
  if (step.kind != ScanStep::Kind::record || step.header.type != RecordType::seal || step.bytes != record.size()) {
    return std::nullopt;
  }
  auto summary = decode_seal(step.body);
  if (!summary || summary->end_offset != offset || summary->records != step.header.ordinal) return std::nullopt;
  return summary;
}

SummaryBuilder::SummaryBuilder(std::optional<BalanceFigures> balance, std::optional<std::uint32_t> records_max,
                               std::uint32_t stable)
    : records_max_(records_max) {
  summary_.balance = std::move(balance);
  summary_.stable = stable;
}

void SummaryBuilder::add(const ScanStep& step, std::uint64_t offset) {
  if (step.kind == ScanStep::Kind::record) {
    add_record(step.header, step.body, offset + step.bytes);
  } else if (step.kind == ScanStep::Kind::bad || step.kind == ScanStep::Kind::zeros) {
    if (!bad_since_) bad_since_ = offset;
    bad_bytes_ = bad_bytes_ || step.kind == ScanStep::Kind::bad;
  }
}

void SummaryBuilder::close_gap(std::uint32_t next_record) {
  if (next_record > summary_.records) {
    gaps_.push_back({bad_since_.value_or(summary_.end_offset), summary_.records, next_record});
  }
  bad_since_.reset();
  bad_bytes_ = false;
}

void SummaryBuilder::add_record(const RecordHeader& header, std::string_view body, std::uint64_t end_offset) {
  summary_.stable = std::max(summary_.stable, header.stable);
  // An ordinal that went backwards is no record of ours; a seal repeats what was there.
  if (header.ordinal < summary_.records || header.type == RecordType::seal) return;
  if (records_max_ && header.ordinal >= *records_max_) return;
  close_gap(header.ordinal);
  summary_.records = header.ordinal + 1;
  summary_.end_offset = end_offset;
  if (header.type == RecordType::packet) {
    summary_.packets.push_back({header.id, header.messages});
    summary_.last_time_ns = std::max(summary_.last_time_ns, header.time_ns);
  } else if (header.type == RecordType::balance) {
    if (auto balance = decode_balance(body)) summary_.balance = std::move(balance);
  } else if (header.type == RecordType::settled) {
    const auto groups = decode_settled(body);
    if (!groups) return;
    for (const SettledGroup& group : *groups) {
      summary_.settled.insert(summary_.settled.end(), group.packets.begin(), group.packets.end());
      if (std::vector<std::uint64_t>* const ids = ids_settled_as(group.as, summary_)) {
        for (const PacketEntry& packet : group.packets) ids->push_back(packet.id);
      }
    }
    if (summary_.balance) charge(*summary_.balance, *groups);
  }
}

SegmentSummary SummaryBuilder::finish() {
  const std::uint32_t counted = summary_.records;
  const std::uint32_t stable = records_max_ ? std::min(summary_.stable, *records_max_) : summary_.stable;
  const bool bad_tail = bad_bytes_;
  close_gap(std::max(counted, stable));
  for (const Gap& gap : gaps_) {
    const std::uint32_t stable_end = std::min(gap.next_record, stable);
    const std::uint32_t damaged = stable_end > gap.first_record ? stable_end - gap.first_record : 0;
    if (damaged > 0) summary_.damaged.push_back({gap.offset, damaged});
    summary_.torn_records += gap.next_record - gap.first_record - damaged;
  }
  if (bad_tail && counted >= stable) ++summary_.torn_records;
  summary_.records = std::max(counted, stable);
  return std::move(summary_);
}

}  // namespace logdist::queue
