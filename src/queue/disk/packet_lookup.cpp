#include "logdist/queue/disk/packet_lookup.hpp"

#include <array>
#include <optional>
#include <utility>

#include "logdist/queue/disk/segment_reader.hpp"
#include "queue/disk/log_impl.hpp"

namespace logdist::queue {
namespace {

/// A file can go between the look and the reading: what was left in it has moved by then.
constexpr int looks_max = 4;

struct Home {
  std::uint64_t first_id = 0;
  std::uint64_t end_offset = 0;
};

std::optional<Home> home_of(DurableLog::Impl& log, std::uint64_t id) {
  const MutexLock lock(log.shared.mutex);
  const LogSegment* const segment = log.shared.state.home_of(id);
  if (segment == nullptr) return std::nullopt;
  return Home{segment->first_id, segment->end_offset};
}

void fill(const RecordHeader& header, LogPosition place, StoredPacket& packet) {
  packet.id = header.id;
  packet.messages = header.messages;
  packet.received_at_ns = header.time_ns;
  packet.place = place;
}

/// The record at `place`, if it is that packet's. False with no error: it is not, or is damaged.
bool read_at(File& file, const SegmentMark& mark, std::uint64_t id, LogPosition place, StoredPacket& packet,
             std::error_code& error) {
  std::array<char, record_header_bytes> head{};
  std::size_t got = 0;
  error = file.read(place.offset, head, got);
  if (error || got < head.size()) return false;
  const auto header = decode_record_header({head.data(), head.size()}, mark);
  if (!header || header->type != RecordType::packet || header->id != id) return false;
  packet.metadata.resize(header->metadata_bytes);
  packet.body.resize(header->body_bytes);
  error = file.read(place.offset + record_header_bytes, packet.metadata, got);
  if (error || got < packet.metadata.size()) return false;
  error = file.read(place.offset + record_header_bytes + packet.metadata.size(), packet.body, got);
  if (error || got < packet.body.size()) return false;
  if (payload_crc(packet.metadata, packet.body) != header->payload_crc) return false;
  fill(*header, place, packet);
  return true;
}

/// In the segment, from `from` on: in the batch there, or anywhere behind.
bool search(std::unique_ptr<File> file, const SegmentMark& mark, std::uint64_t id, const Home& home, std::uint64_t from,
            StoredPacket& packet, std::error_code& error) {
  SegmentReader reader(std::move(file), mark, home.end_offset, from);
  for (ScanStep step;;) {
    const std::uint64_t offset = reader.offset();
    error = reader.next(step);
    if (error || step.kind == ScanStep::Kind::end) return false;
    if (step.kind != ScanStep::Kind::record || step.header.type != RecordType::packet) continue;
    if (step.header.id != id) continue;
    packet.metadata = step.metadata;
    packet.body = step.body;
    fill(step.header, {home.first_id, offset}, packet);
    return true;
  }
}

LookupOutcome lose(DurableLog::Impl& log, std::uint64_t id, const Home& home) {
  {
    const MutexLock lock(log.shared.mutex);
    if (LogSegment* const segment = log.shared.state.find(home.first_id)) segment->damaged = true;
    ++log.shared.counters.damaged_records;
  }
  log.listener.noticed({LogNotice::Kind::damaged_records, segment_name(home.first_id), 0, 1, {}});
  const SettledPacket settled{id, 0, SettledAs::lost, {}};
  log.intake.settle(std::span(&settled, 1));
  return LookupOutcome::lost;
}

}  // namespace

LookupOutcome find_packet(DurableLog& log, std::uint64_t id, LogPosition place, StoredPacket& packet) {
  DurableLog::Impl& impl = log.impl();
  std::error_code error;
  Home home;
  for (int look = 0; look < looks_max; ++look) {
    const auto found = home_of(impl, id);
    if (!found) return LookupOutcome::lost;  // settled so by whoever found it damaged
    home = *found;
    const std::string path = impl.options.directory + "/" + segment_name(home.first_id);
    std::unique_ptr<File> file = impl.files.open(path, FileSystem::Open::read, error);
    if (!file) continue;
    const SegmentMark mark = SegmentHeader{.log_id = impl.shared.log_id, .first_id = home.first_id}.mark();
    const bool is_there = place.first_id == home.first_id;
    if (is_there && read_at(*file, mark, id, place, packet, error)) return LookupOutcome::found;
    const std::uint64_t from = is_there ? place.offset : segment_header_bytes;
    if (!error && search(std::move(file), mark, id, home, from, packet, error)) return LookupOutcome::found;
    if (!error && !is_there) return lose(impl, id, home);
    if (!error) place = {};
  }
  impl.listener.noticed({LogNotice::Kind::read_failed, segment_name(home.first_id), 0, 0, error});
  return LookupOutcome::unavailable;
}

}  // namespace logdist::queue
