#include "storage/recovery_meter.hpp"

namespace logdist::storage {

using Stage = RecoveryProgress::Stage;

void RecoveryMeter::scanned(const queue::ScanProgress& scan, TimePoint now) {
  RecoveryProgress progress;
  {
    const MutexLock lock(mutex_);
    const bool is_first = scan.segments == 0;
    if (is_first) begun_at_ = now;
    progress_.scan = scan;
    progress_.took = now - begun_at_;
    if (scan.segments_total == 0 || (!is_first && now - told_at_ < tell_every)) return;
    told_at_ = now;
    progress = progress_;
  }
  tell(progress);
}

void RecoveryMeter::found(std::uint64_t packets, TimePoint now) {
  RecoveryProgress progress;
  {
    const MutexLock lock(mutex_);
    progress_.stage = packets > 0 ? Stage::reading_back : Stage::over;
    progress_.packets = packets;
    progress_.took = now - begun_at_;
    told_at_ = now;
    if (progress_.scan.segments_total == 0) return;
    progress = progress_;
  }
  tell(progress);
}

void RecoveryMeter::read_back(std::uint64_t packets, TimePoint now) {
  RecoveryProgress progress;
  {
    const MutexLock lock(mutex_);
    progress_.packets_read += packets;
    if (progress_.stage == Stage::over) return;
    progress_.took = now - begun_at_;
    if (now - told_at_ < tell_every) return;
    told_at_ = now;
    progress = progress_;
  }
  tell(progress);
}

void RecoveryMeter::end(TimePoint now) {
  RecoveryProgress progress;
  {
    const MutexLock lock(mutex_);
    if (progress_.stage == Stage::over) return;
    progress_.stage = Stage::over;
    progress_.took = now - begun_at_;
    progress = progress_;
  }
  tell(progress);
}

RecoveryProgress RecoveryMeter::progress() const {
  const MutexLock lock(mutex_);
  return progress_;
}

void RecoveryMeter::tell(const RecoveryProgress& progress) const {
  if (tell_) tell_(progress);
}

}  // namespace logdist::storage
