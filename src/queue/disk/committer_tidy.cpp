// What is done goes, oldest first; what is stuck moves to the end.
#include <string>
#include <utility>

#include "logdist/queue/disk/segment_reader.hpp"
#include "queue/disk/committer.hpp"

namespace logdist::queue {

void Committer::tidy() {
  while (now_.steady >= remove_at_ && oldest_may_go()) {
    if (!remove_oldest()) remove_at_ = now_.steady + retry_delay;
  }
  if (segment_ && segment_takes_packets_ && now_.steady >= remove_at_ && oldest_should_move()) move_survivors();
  if (refusal_ != AppendResult::taken && now_.steady >= check_at_) try_again();
}

bool Committer::oldest_may_go() const {
  // A new segment is to find its place without waiting for this.
  const bool disk_is_needed = used_bytes() + 2 * options_.segment_bytes > options_.max_disk;
  const MutexLock lock(shared_.mutex);
  if (!shared_.state.oldest_is_done()) return false;
  if (disk_is_needed) return true;
  const LogSegment& oldest = shared_.state.segments().front();
  const bool by_age = options_.retain_for.count() > 0;
  const bool by_bytes = options_.retain_bytes > 0;
  std::uint64_t done_bytes = 0;
  for (const LogSegment& segment : shared_.state.segments()) {
    // Of the newest, which is being written, all the space is taken already.
    const bool is_newest = &segment == &shared_.state.segments().back();
    if (segment.live_packets == 0) done_bytes += is_newest ? segment.end_offset : segment.file_bytes;
  }
  const bool young = now_.unix_ns - oldest.last_time_ns < options_.retain_for.count();
  const bool is_retained =
      options_.retains() && (!by_age || young) && (!by_bytes || done_bytes <= options_.retain_bytes);
  const bool has_dead_letters = oldest.dead_letters > 0 && done_bytes <= options_.max_disk / dead_letter_share;
  return !is_retained && !has_dead_letters;
}

/// Space is needed: the oldest goes if it is done, whatever it is kept for. False: it stays.
bool Committer::give_up_oldest() {
  if (now_.steady < remove_at_) return false;
  {
    const MutexLock lock(shared_.mutex);
    if (!shared_.state.oldest_is_done()) return false;
  }
  if (remove_oldest()) return true;
  remove_at_ = now_.steady + retry_delay;
  return false;
}

bool Committer::oldest_should_move() const {
  const MutexLock lock(shared_.mutex);
  if (!shared_.state.oldest_pins_too_many()) return false;
  const std::uint64_t oldest = shared_.state.segments().front().first_id;
  return std::all_of(shared_.reader_positions.begin(), shared_.reader_positions.end(),
                     [&](const auto& reader) { return reader.second > oldest; });
}

bool Committer::remove_oldest() {
  // A name that comes back after a power cut brings its packets back; the next segment may hold what settled them.
  if (directory_unsynced_) {
    if (files_.sync_directory(options_.directory)) return false;
    directory_unsynced_ = false;
  }
  std::uint64_t first_id = 0;
  std::uint64_t file_bytes = 0;
  bool damaged = false;
  {
    const MutexLock lock(shared_.mutex);
    const LogSegment& oldest = shared_.state.segments().front();
    first_id = oldest.first_id;
    file_bytes = oldest.file_bytes;
    // What is set aside for people must not fill the disk for packets.
    damaged = oldest.damaged && damaged_bytes_ + file_bytes <= options_.max_disk / 8;
  }
  files_.reached(CrashPoint::segment_before_unlink);
  const std::string path = path_of(first_id);
  const std::error_code error = damaged ? files_.rename(path, path + ".damaged") : files_.remove(path);
  if (error && error != std::errc::no_such_file_or_directory) {
    listener_.noticed({LogNotice::Kind::remove_failed, segment_name(first_id), 0, 0, error});
    return false;
  }
  files_.reached(damaged ? CrashPoint::segment_set_aside : CrashPoint::segment_unlinked);
  if (damaged) {
    damaged_bytes_ += file_bytes;
    listener_.noticed({LogNotice::Kind::file_set_aside, segment_name(first_id) + ".damaged", 0, 0, {}});
  }
  directory_unsynced_ = true;
  {
    const MutexLock lock(shared_.mutex);
    shared_.state.remove_oldest();
  }
  if (refusal_ == AppendResult::no_space) check_at_ = now_.steady;
  return true;
}

/// Copies what is left in the oldest segment to the end, and has it synced, so that the oldest can go.
void Committer::move_survivors() {
  std::uint64_t first_id = 0;
  std::uint64_t file_bytes = 0;
  std::vector<std::uint64_t> ids;
  {
    const MutexLock lock(shared_.mutex);
    const LogSegment& oldest = shared_.state.segments().front();
    first_id = oldest.first_id;
    file_bytes = oldest.end_offset;
    ids = shared_.state.live_ids(first_id, 0, ~std::uint64_t{0});
  }
  if (copy_survivors(first_id, file_bytes, ids)) {
    give_up(first_id, ids);
    files_.reached(CrashPoint::survivors_copied);
    return;
  }
  remove_at_ = now_.steady + retry_delay;
  if (segment_ && segment_->group_records() > 0) abandon_segment();
}

/// Copies these; those that it finds leave `ids`.
bool Committer::copy_survivors(std::uint64_t first_id, std::uint64_t file_bytes, std::vector<std::uint64_t>& ids) {
  std::error_code error;
  std::unique_ptr<File> file = files_.open(path_of(first_id), FileSystem::Open::read, error);
  if (!file) return false;
  const SegmentMark mark = SegmentHeader{.log_id = shared_.log_id, .first_id = first_id}.mark();
  SegmentReader reader(std::move(file), mark, file_bytes);
  std::vector<PacketEntry> copies;
  for (ScanStep step;;) {
    if (reader.next(step)) return false;
    if (step.kind == ScanStep::Kind::end) return register_copies(copies);
    if (step.kind != ScanStep::Kind::record || step.header.type != RecordType::packet) continue;
    const auto found = std::lower_bound(ids.begin(), ids.end(), step.header.id);
    if (found == ids.end() || *found != step.header.id) continue;
    ids.erase(found);
    if (!segment_->fits(step.header.payload_bytes())) {
      if (!register_copies(copies) || !roll(SegmentUse::packets, 0, step.header.payload_bytes())) return false;
    }
    step.header.copy = true;
    segment_->add(step.header, step.metadata, step.body);
    if (!write_group()) return false;
    copies.push_back({step.header.id, step.header.messages});
  }
}

/// The copies are on stable storage, and count instead of the originals.
bool Committer::register_copies(std::vector<PacketEntry>& copies) {
  // Synced in the mode `off`, too: the originals' file goes.
  if (const std::error_code error = segment_->sync()) {
    failed(error, LogNotice::Kind::sync_failed, segment_->header().first_id);
    abandon_segment();
    return false;
  }
  acknowledge();
  const MutexLock lock(shared_.mutex);
  for (const PacketEntry& copy : copies) shared_.state.add_packet(copy, 0);
  copies.clear();
  return true;
}

/// These packets' records are damaged: they are settled as lost, and their segment is kept aside.
void Committer::give_up(std::uint64_t first_id, std::span<const std::uint64_t> ids) {
  if (ids.empty()) return;
  {
    const MutexLock lock(shared_.mutex);
    SettledGroup group{{}, SettledAs::lost, 0, {}};
    for (const std::uint64_t id : ids) {
      if (shared_.state.settle({id, 0})) group.packets.push_back({id, 0});
    }
    if (LogSegment* const segment = shared_.state.find(first_id)) segment->damaged = true;
    shared_.counters.damaged_records += group.packets.size();
    settled_.push_back(std::move(group));
  }
  settle_due_ = std::min(settle_due_, now_.steady + settlement_delay);
  listener_.noticed({LogNotice::Kind::damaged_records, segment_name(first_id), 0, ids.size(), {}});
}

/// Whether packets can be taken again.
void Committer::try_again() {
  check_at_ = now_.steady + retry_delay;
  if (refusal_ == AppendResult::no_space) {
    if (!find_room(options_.segment_bytes) || (reserve_bytes_ == 0 && !make_reserve())) return;
    if (segment_ || open_segment(SegmentUse::packets, 0, 0)) set_refusal(AppendResult::taken);
    return;
  }
  if (segment_ || open_segment(SegmentUse::packets, 0, 0)) {
    failures_ = 0;
    set_refusal(AppendResult::taken);
  }
}

}  // namespace logdist::queue
