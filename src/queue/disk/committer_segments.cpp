// Segments are opened, sealed and abandoned; the reserve.
#include <utility>

#include "queue/disk/committer.hpp"

namespace logdist::queue {

bool Committer::open_segment(SegmentUse use, std::uint64_t next_packet_id, std::size_t payload_bytes) {
  if (now_.steady < retry_at_) return false;
  const std::size_t balance_bytes = balance_ ? encode_balance(*balance_).size() : 0;
  std::uint64_t bytes = std::max<std::uint64_t>(
      options_.segment_bytes, SegmentFile::bytes_for(balance_bytes, payload_bytes, options_.compress));
  if (use == SegmentUse::packets && !find_room(bytes)) {
    last_error_.clear();
    set_refusal(AppendResult::no_space);
    return false;
  }
  if (use == SegmentUse::packets && reserve_bytes_ == 0 && !make_reserve()) return false;
  const std::uint64_t first_id = next_packet_id > last_first_id_ ? next_packet_id : intake_.draw_id(last_first_id_ + 1);
  last_first_id_ = first_id;
  std::unique_ptr<File> file = make_file(path_of(first_id), bytes, use);
  if (!file) return false;
  SegmentHeader header = previous_;
  header.log_id = shared_.log_id;
  header.first_id = first_id;
  segment_ = std::make_unique<SegmentFile>(std::move(file), header, bytes, balance_, options_.compress);
  files_.reached(CrashPoint::segment_created);
  std::error_code error = segment_->begin();
  if (!error) error = files_.sync_directory(options_.directory);
  if (error) {
    segment_.reset();
    static_cast<void>(files_.remove(path_of(first_id)));
    return failed(error, LogNotice::Kind::write_failed, first_id);
  }
  files_.reached(CrashPoint::segment_directory_synced);
  directory_unsynced_ = false;
  segment_takes_packets_ = use == SegmentUse::packets;
  {
    const MutexLock lock(shared_.mutex);
    shared_.state.open_segment(first_id, bytes);
    shared_.state.find(first_id)->end_offset = segment_->end_offset();
  }
  files_.reached(CrashPoint::segment_opened);
  return true;
}

/// The new file with its space, from the reserve if need be. Null: the disk has refused, and it is told.
std::unique_ptr<File> Committer::make_file(const std::string& path, std::uint64_t& bytes, SegmentUse use) {
  std::error_code error;
  std::unique_ptr<File> file;
  do {
    file = files_.open(path, FileSystem::Open::create_new, error);
    if (file) error = file->allocate(bytes);
    if (!error) return file;
    if (file) static_cast<void>(files_.remove(path));
  } while (is_full(error) && use == SegmentUse::packets && give_up_oldest());
  last_error_ = error;
  if (is_full(error) && use == SegmentUse::packets) {
    set_refusal(AppendResult::no_space);
    return nullptr;
  }
  file.reset();
  if (is_full(error)) file = take_reserve(path, bytes);
  if (!file) failed(error, LogNotice::Kind::write_failed, last_first_id_);
  return file;
}

/// The reserve becomes this segment: it has its space, and nothing was ever written to it.
std::unique_ptr<File> Committer::take_reserve(const std::string& path, std::uint64_t& bytes) {
  if (reserve_bytes_ == 0 || files_.rename(options_.directory + "/reserve", path)) return nullptr;
  bytes = std::exchange(reserve_bytes_, 0);
  files_.reached(CrashPoint::reserve_taken);
  std::error_code error;
  return files_.open(path, FileSystem::Open::write, error);
}

bool Committer::make_reserve() {
  const std::string path = options_.directory + "/reserve";
  std::error_code error;
  do {
    static_cast<void>(files_.remove(path));  // one that a crash has left half made
    const std::unique_ptr<File> file = files_.open(path, FileSystem::Open::create_new, error);
    if (file) error = file->allocate(reserve_wanted());
  } while (error && is_full(error) && give_up_oldest());
  if (error) {
    last_error_ = error;
    static_cast<void>(files_.remove(path));
    if (!is_full(error)) return failed(error, LogNotice::Kind::write_failed, 0);
    set_refusal(AppendResult::no_space);
    return false;
  }
  reserve_bytes_ = reserve_wanted();
  files_.reached(CrashPoint::reserve_made);
  return true;
}

bool Committer::roll(SegmentUse use, std::uint64_t next_packet_id, std::size_t payload_bytes) {
  return seal() && open_segment(use, next_packet_id, payload_bytes);
}

/// Closes the segment with its summary. False when what was written could not be synced.
bool Committer::seal() {
  if (options_.sync && segment_->has_unsynced() && !sync()) return false;
  const std::uint64_t first_id = segment_->header().first_id;
  // What counts is safe by now. A segment without a good seal is scanned.
  std::error_code error = segment_->write_seal();
  files_.reached(CrashPoint::segment_seal_written);
  if (!error && options_.sync) error = segment_->sync();
  if (!error) error = segment_->trim();
  if (error) listener_.noticed({LogNotice::Kind::write_failed, segment_name(first_id), 0, 0, error});
  files_.reached(CrashPoint::segment_sealed);
  previous_ = {.previous_first_id = first_id,
               .previous_records = segment_->counted(),
               .previous_stable = options_.sync ? segment_->stable() : segment_->counted()};
  if (!error) {
    const MutexLock lock(shared_.mutex);
    shared_.state.find(first_id)->file_bytes = segment_->end_offset();
  }
  segment_.reset();
  return true;
}

/// A write or sync has failed: what counts stays as it is, the rest is void, as the next segment's head will say.
void Committer::abandon_segment() {
  previous_ = {.previous_first_id = segment_->header().first_id,
               .previous_records = segment_->counted(),
               .previous_stable = options_.sync ? segment_->stable() : segment_->counted()};
  segment_.reset();
  controls_in_group_ = 0;
  // Settlements are ours to write again; figures go back to where they were (balance_), as these bring them on.
  outgoing_.insert(outgoing_.begin(), std::make_move_iterator(unsynced_.begin()),
                   std::make_move_iterator(unsynced_.end()));
  unsynced_.clear();
  unsynced_bytes_ = 0;
}

std::uint64_t Committer::used_bytes() const {
  const MutexLock lock(shared_.mutex);
  return shared_.state.file_bytes() + reserve_bytes_ + damaged_bytes_;
}

bool Committer::room_for_segment(std::uint64_t bytes) const {
  const std::uint64_t reserve = reserve_bytes_ == 0 ? reserve_wanted() : 0;
  return used_bytes() + bytes + reserve <= options_.max_disk;
}

/// What is done and kept goes first.
bool Committer::find_room(std::uint64_t bytes) {
  while (!room_for_segment(bytes)) {
    if (!give_up_oldest()) return false;
  }
  return true;
}

void Committer::set_refusal(AppendResult refusal) {
  if (refusal != AppendResult::taken) check_at_ = now_.steady + retry_delay;
  if (std::exchange(refusal_, refusal) == refusal) return;
  intake_.set_refusal(refusal);
  {
    const MutexLock lock(shared_.mutex);
    shared_.counters.taking_packets = refusal == AppendResult::taken;
  }
  LogNotice notice;
  notice.kind = refusal == AppendResult::taken      ? LogNotice::Kind::recovered
                : refusal == AppendResult::no_space ? LogNotice::Kind::disk_full
                                                    : LogNotice::Kind::failing;
  notice.file = options_.directory;
  notice.error = refusal == AppendResult::taken ? std::error_code{} : last_error_;
  listener_.noticed(notice);
}

bool Committer::failed(const std::error_code& error, LogNotice::Kind kind, std::uint64_t first_id) {
  constexpr unsigned failures_before_pause = 3;
  last_error_ = error;
  {
    const MutexLock lock(shared_.mutex);
    ++shared_.counters.disk_errors;
  }
  listener_.noticed({kind, first_id == 0 ? "reserve" : segment_name(first_id), 0, 0, error});
  if (is_full(error)) {
    set_refusal(AppendResult::no_space);
  } else if (++failures_ >= failures_before_pause) {
    set_refusal(AppendResult::failing);
  }
  // The first failures are answered by a new segment at once.
  if (is_full(error) || failures_ >= failures_before_pause) retry_at_ = now_.steady + retry_delay;
  return false;
}

}  // namespace logdist::queue
