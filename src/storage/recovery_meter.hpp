// How far a start is with what an earlier process left.
#pragma once

#include <cstdint>
#include <functional>

#include "logdist/base/mutex.hpp"
#include "logdist/base/time.hpp"
#include "logdist/storage/disk_storage.hpp"

namespace logdist::storage {

/// Counts, and tells: the beginning of each stage, the end, and between them at most one step in `tell_every`.
/// Thread-safe; `tell` is called under no lock, by whoever has brought the news.
class RecoveryMeter {
 public:
  using Tell = std::function<void(const RecoveryProgress&)>;
  static constexpr Duration tell_every = std::chrono::seconds(1);

  /// `tell` may be empty.
  explicit RecoveryMeter(Tell tell) : tell_(std::move(tell)) {}

  /// So many files are read; the first call, with none, is the beginning. Without any file there is nothing to tell.
  void scanned(const queue::ScanProgress& scan, TimePoint now);
  /// All files are read: so many packets are to be read back.
  void found(std::uint64_t packets, TimePoint now);
  /// So many more of them are read.
  void read_back(std::uint64_t packets, TimePoint now);
  /// Packets are taken. Later calls have no effect, but for those that count what is read.
  void end(TimePoint now);

  bool is_over() const { return progress().stage == RecoveryProgress::Stage::over; }
  RecoveryProgress progress() const;

 private:
  void tell(const RecoveryProgress& progress) const;

  const Tell tell_;
  mutable Mutex mutex_;
  RecoveryProgress progress_ LOGDIST_GUARDED_BY(mutex_);
  TimePoint begun_at_ LOGDIST_GUARDED_BY(mutex_){};
  TimePoint told_at_ LOGDIST_GUARDED_BY(mutex_){};
};

}  // namespace logdist::storage
