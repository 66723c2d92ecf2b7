#include "logdist/queue/log/log_state.hpp"

#include <algorithm>
#include <bit>

#include "logdist/base/check.hpp"

namespace logdist::queue {
namespace {

constexpr std::uint64_t bit_of(std::uint64_t index) { return std::uint64_t{1} << (index % 64); }

/// Ids further from the first than this are listed, not a bit each: 8 MiB are enough for bits.
constexpr std::uint64_t id_span_max = std::uint64_t{1} << 26;

}  // namespace

void LogState::add_segment(std::uint64_t first_id, std::uint64_t file_bytes, const SegmentSummary& summary) {
  open_segment(first_id, file_bytes);
  for (const PacketEntry& packet : summary.packets) add_packet(packet, 0);
  LogSegment& segment = segments_.back();
  segment.end_offset = summary.end_offset;
  segment.last_time_ns = summary.last_time_ns;
  segment.damaged = !summary.damaged.empty();
  std::vector<std::uint64_t> dead = summary.dead_letters;
  std::sort(dead.begin(), dead.end());
  for (const PacketEntry& packet : summary.settled) {
    const bool is_dead = std::binary_search(dead.begin(), dead.end(), packet.id);
    settle(packet, is_dead ? SettledAs::dead_lettered : SettledAs::delivered);
  }
}

void LogState::open_segment(std::uint64_t first_id, std::uint64_t file_bytes) {
  LOGDIST_CHECK(segments_.empty() || first_id > segments_.back().first_id);
  LogSegment& segment = segments_.emplace_back();
  segment.first_id = first_id;
  segment.file_bytes = file_bytes;
  segment.end_offset = segment_header_bytes;
}

void LogState::add_packet(PacketEntry packet, std::int64_t time_ns) {
  LOGDIST_CHECK(!segments_.empty());
  LogSegment& segment = segments_.back();
  const bool was_live = drop(packet.id) != nullptr;
  segment.last_time_ns = std::max(segment.last_time_ns, time_ns);
  if (packet.id >= segment.first_id && packet.id - segment.first_id < id_span_max) {
    set_bit(segment, packet.id);
  } else {
    segment.moved.push_back(packet.id);
    moved_to_[packet.id] = segment.first_id;
  }
  ++segment.live_packets;
  ++live_packets_;
  if (!was_live) live_messages_ += packet.messages;
}

bool LogState::settle(PacketEntry packet, SettledAs as) {
  LogSegment* const segment = drop(packet.id);
  if (segment == nullptr) return false;
  if (as == SettledAs::dead_lettered) ++segment->dead_letters;
  live_messages_ -= std::min<std::uint64_t>(live_messages_, packet.messages);
  // Those of a packet that was lost are not known.
  if (live_packets_ == 0) live_messages_ = 0;
  return true;
}

/// Where it was live; null: it was not.
LogSegment* LogState::drop(std::uint64_t id) {
  auto* const segment = const_cast<LogSegment*>(segment_of(id));
  if (segment == nullptr) return nullptr;
  if (moved_to_.erase(id) > 0) {
    std::erase(segment->moved, id);
  } else if (!clear_bit(*segment, id)) {
    return nullptr;
  }
  --segment->live_packets;
  --live_packets_;
  return segment;
}

bool LogState::is_live(std::uint64_t id, std::uint64_t first_id) const {
  if (const auto moved = moved_to_.find(id); moved != moved_to_.end()) return moved->second == first_id;
  const LogSegment* const segment = find(first_id);
  if (segment == nullptr || id < first_id) return false;
  const std::uint64_t index = id - first_id;
  return index / 64 < segment->live.size() && (segment->live[index / 64] & bit_of(index)) != 0;
}

const LogSegment* LogState::home_of(std::uint64_t id) const {
  const LogSegment* const segment = segment_of(id);
  return segment != nullptr && is_live(id, segment->first_id) ? segment : nullptr;
}

std::vector<std::uint64_t> LogState::live_ids(std::uint64_t first_id, std::uint64_t from, std::uint64_t until) const {
  std::vector<std::uint64_t> ids;
  const LogSegment* const segment = find(first_id);
  if (segment == nullptr) return ids;
  for (const std::uint64_t id : segment->moved) {
    if (id >= from && id < until) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  for (std::size_t word = 0; word < segment->live.size(); ++word) {
    for (std::uint64_t bits = segment->live[word]; bits != 0; bits &= bits - 1) {
      const std::uint64_t id = first_id + word * 64 + static_cast<unsigned>(std::countr_zero(bits));
      if (id >= from && id < until) ids.push_back(id);
    }
  }
  return ids;
}

std::uint64_t LogState::file_bytes() const {
  std::uint64_t bytes = 0;
  for (const LogSegment& segment : segments_) bytes += segment.file_bytes;
  return bytes;
}

LogSegment* LogState::find(std::uint64_t first_id) {
  return const_cast<LogSegment*>(static_cast<const LogState*>(this)->find(first_id));
}

const LogSegment* LogState::find(std::uint64_t first_id) const {
  const auto found =
      std::lower_bound(segments_.begin(), segments_.end(), first_id,
                       [](const LogSegment& segment, std::uint64_t id) { return segment.first_id < id; });
  return found != segments_.end() && found->first_id == first_id ? &*found : nullptr;
}

const LogSegment* LogState::segment_of(std::uint64_t id) const {
  if (const auto moved = moved_to_.find(id); moved != moved_to_.end()) return find(moved->second);
  const auto after =
      std::upper_bound(segments_.begin(), segments_.end(), id,
                       [](std::uint64_t value, const LogSegment& segment) { return value < segment.first_id; });
  return after == segments_.begin() ? nullptr : &*std::prev(after);
}

void LogState::set_bit(LogSegment& segment, std::uint64_t id) {
  const std::uint64_t index = id - segment.first_id;
  if (index / 64 >= segment.live.size()) segment.live.resize(index / 64 + 1);
  segment.live[index / 64] |= bit_of(index);
}

bool LogState::clear_bit(LogSegment& segment, std::uint64_t id) {
  const std::uint64_t index = id - segment.first_id;
  if (index / 64 >= segment.live.size() || (segment.live[index / 64] & bit_of(index)) == 0) return false;
  segment.live[index / 64] &= ~bit_of(index);
  return true;
}

bool LogState::oldest_pins_too_many() const {
  // One that is done is kept on purpose, and needs no moving.
  if (segments_.size() < pinned_segments_max + 2 || segments_.front().live_packets == 0) return false;
  const auto done = std::count_if(segments_.begin() + 1, segments_.end() - 1,
                                  [](const LogSegment& segment) { return segment.live_packets == 0; });
  return static_cast<std::size_t>(done) >= pinned_segments_max;
}

void LogState::remove_oldest() {
  LOGDIST_CHECK(oldest_is_done());
  segments_.pop_front();
}

}  // namespace logdist::queue
