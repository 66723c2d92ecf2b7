#include "logdist/storage/disk_storage.hpp"

#include <atomic>
#include <deque>
#include <mutex>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "storage/backlog.hpp"
#include "storage/disk_store.hpp"
#include "storage/recovery_meter.hpp"

namespace logdist::storage {
namespace {

std::optional<telemetry::DiskOperation> failed_operation(const queue::LogNotice& notice) {
  using Kind = queue::LogNotice::Kind;
  switch (notice.kind) {
    case Kind::write_failed: return telemetry::DiskOperation::write;
    case Kind::sync_failed: return telemetry::DiskOperation::sync;
    case Kind::read_failed: return telemetry::DiskOperation::read;
    case Kind::remove_failed: return telemetry::DiskOperation::remove;
    case Kind::disk_full:  // at its own bound nothing has failed
      return notice.error ? std::optional(telemetry::DiskOperation::allocate) : std::nullopt;
    default: return std::nullopt;
  }
}

}  // namespace

/// Members in the order of their life: what is declared later is destroyed first.
class DiskStorage::Impl final : public queue::DurableLogListener, public ReplayTarget {
 public:
  Impl(const DiskStorageOptions& options, queue::QueueLimits& limits)
      : options_(options), limits_(limits), recovery_(options.recovery) {}

  bool open(queue::FileSystem& files, queue::OpenError& error) {
    log_ = queue::DurableLog::open(options_.log, files, *this, error, now(), clocks_.unix_ns());
    if (!log_) return false;
    recovery_.found(log_->recovery().packets, now());
    backlog_.emplace(*log_, limits_, options_.log.loops, recovery_);
    for (LoopId loop = 0; loop < options_.log.loops; ++loop) {
      stores_.emplace_back(loop, *log_, *backlog_, names_, clocks_);
    }
    return true;
  }

  void reports_ready(LoopId loop) override { loops_->reports_ready(loop); }
  void room_again() override {}
  void noticed(const queue::LogNotice& notice) override {
    if (const auto operation = failed_operation(notice)) {
      const MutexLock lock(mutex_);
      ++errors_[static_cast<std::size_t>(*operation)];
    }
    if (options_.notice) options_.notice(notice);
  }
  void synced(std::size_t packets, Duration took) override {
    const MutexLock lock(mutex_);
    sync_duration_.observe(took);
    sync_packets_.observe(packets);
  }

  void scanned(const queue::ScanProgress& progress) override { recovery_.scanned(progress, now()); }

  void start(LoopAccess& loops) {
    loops_ = &loops;
    backlog_->start(loops, options_.log.own_thread);
  }

  telemetry::StorageFacts facts() const {
    const queue::LogStatus status = log_->status();
    telemetry::StorageFacts facts;
    facts.on_disk = true;
    facts.directory = options_.log.directory;
    facts.bytes = status.disk_bytes;
    facts.max_bytes = options_.log.max_disk;
    facts.packets = status.packets;
    facts.packets_unread = backlog_->packets();
    facts.segments = status.segments;
    facts.recovered = log_->recovery().packets;
    facts.damaged_records = status.damaged_records;
    const RecoveryProgress recovery = recovery_.progress();
    facts.recovering = recovery.stage != RecoveryProgress::Stage::over;
    facts.recovered_read = recovery.packets_read;
    facts.recovery_seconds = to_seconds(recovery.took);
    facts.replayed = replayed_;
    facts.taking_packets = status.taking_packets;
    const MutexLock lock(mutex_);
    facts.errors = errors_;
    facts.sync_duration = sync_duration_;
    facts.sync_packets = sync_packets_;
    return facts;
  }

  void close() {
    const std::lock_guard lock(closing_);
    if (std::exchange(closed_, true)) return;
    end_replays();
    replays_.clear();
    backlog_->stop();
    log_->close(now(), clocks_.unix_ns());
  }

  void replay(ReplayedPacket packet, ReplayEnded ended) override {
    const LoopId loop = next_loop_.fetch_add(1, std::memory_order_relaxed) % options_.log.loops;
    loops_->replay(loop, std::move(packet), [this, ended = std::move(ended)](ReplayOutcome outcome) {
      if (outcome == ReplayOutcome::safe) ++replayed_;
      ended(outcome);
    });
  }

  bool start_replay(const ReplayRequest& request, ReplayReport& report) {
    const MutexLock lock(replays_mutex_);
    if (loops_ == nullptr || replays_ended_) return false;
    if (!replays_.empty() && replays_.back()->report().state == ReplayReport::State::running) return false;
    if (replays_.size() == replays_shown) replays_.pop_front();
    replays_.push_back(std::make_unique<Replay>(fmt::format("{:016x}", random_()), request, *log_, *this));
    report = replays_.back()->report();
    return true;
  }
  std::vector<ReplayReport> replays() const {
    const MutexLock lock(replays_mutex_);
    std::vector<ReplayReport> reports;
    for (const auto& replay : replays_) reports.push_back(replay->report());
    return reports;
  }
  bool stop_replay(const std::string& id) {
    const MutexLock lock(replays_mutex_);
    for (const auto& replay : replays_) {
      if (replay->report().id != id) continue;
      replay->stop();
      return true;
    }
    return false;
  }
  void end_replays() {
    const MutexLock lock(replays_mutex_);
    replays_ended_ = true;
    for (const auto& replay : replays_) replay->stop();
  }

  TimePoint now() const { return clocks_.steady(); }
  TimePoint step_log() { return log_->step(now(), clocks_.unix_ns()); }
  TimePoint step_backlog() { return backlog_->step(now()); }

  queue::DurableLog& log() { return *log_; }
  Backlog& backlog() { return *backlog_; }
  DiskStore& store(LoopId loop) { return stores_[loop]; }
  AnalyzerNames& names() { return names_; }
  const RecoveryMeter& recovery() const { return recovery_; }

 private:
  const DiskStorageOptions options_;
  const StorageClocks& clocks_ = options_.clocks;
  queue::QueueLimits& limits_;
  LoopAccess* loops_ = nullptr;  ///< set before the first packet is given
  RecoveryMeter recovery_;
  AnalyzerNames names_;

  mutable Mutex mutex_;
  std::array<std::uint64_t, telemetry::disk_operation_names.size()> errors_ LOGDIST_GUARDED_BY(mutex_){};
  ledger::Histogram sync_duration_ LOGDIST_GUARDED_BY(mutex_);
  telemetry::CountHistogram sync_packets_ LOGDIST_GUARDED_BY(mutex_);

  std::atomic<LoopId> next_loop_{0};        ///< for a replayed packet
  std::atomic<std::uint64_t> replayed_{0};  ///< packets
  mutable Mutex replays_mutex_;
  std::deque<std::unique_ptr<Replay>> replays_;  ///< oldest first; guarded by replays_mutex_ until close()
  bool replays_ended_ LOGDIST_GUARDED_BY(replays_mutex_) = false;
  std::random_device random_device_;
  std::mt19937_64 random_{(std::uint64_t{random_device_()} << 32) | random_device_()};  ///< guarded by replays_mutex_

  std::mutex closing_;
  bool closed_ = false;  ///< guarded by closing_

  std::unique_ptr<queue::DurableLog> log_;
  std::optional<Backlog> backlog_;
  std::deque<DiskStore> stores_;
};

std::unique_ptr<DiskStorage> DiskStorage::open(const DiskStorageOptions& options, queue::FileSystem& files,
                                               queue::QueueLimits& limits, queue::OpenError& error) {
  auto impl = std::make_unique<Impl>(options, limits);
  if (!impl->open(files, error)) return nullptr;
  return std::unique_ptr<DiskStorage>(new DiskStorage(std::move(impl)));
}

DiskStorage::DiskStorage(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DiskStorage::~DiskStorage() { impl_->close(); }

const queue::LogRecovery& DiskStorage::recovery() const { return impl_->log().recovery(); }
void DiskStorage::set_balance(queue::BalanceFigures figures, std::uint64_t version) {
  impl_->log().set_balance(std::move(figures), version);
}
queue::Store& DiskStorage::store(LoopId loop) { return impl_->store(loop); }
void DiskStorage::set_listener(LoopId loop, queue::StoreListener& listener) {
  impl_->store(loop).set_listener(listener);
}
void DiskStorage::name(AnalyzerId analyzer, const std::string& name) { impl_->names().set(analyzer, name); }
void DiskStorage::start(LoopAccess& loops) { impl_->start(loops); }
void DiskStorage::collect(LoopId loop, TimePoint now) { impl_->store(loop).collect(now); }
bool DiskStorage::start_replay(const ReplayRequest& request, ReplayReport& report) {
  return impl_->start_replay(request, report);
}
std::vector<ReplayReport> DiskStorage::replays() const { return impl_->replays(); }
bool DiskStorage::stop_replay(const std::string& id) { return impl_->stop_replay(id); }
void DiskStorage::end_replays() { impl_->end_replays(); }
bool DiskStorage::recovering() const { return !impl_->recovery().is_over(); }
RecoveryProgress DiskStorage::recovery_progress() const { return impl_->recovery().progress(); }
std::uint64_t DiskStorage::packets_on_disk_only() const { return impl_->backlog().packets(); }
telemetry::StorageFacts DiskStorage::facts() const { return impl_->facts(); }
bool DiskStorage::settlements_in_doubt() const { return impl_->log().status().settlements_in_doubt; }
TimePoint DiskStorage::step_log() { return impl_->step_log(); }
TimePoint DiskStorage::step_backlog() { return impl_->step_backlog(); }
bool DiskStorage::take_log_news() { return impl_->log().take_news(); }
bool DiskStorage::take_backlog_news() { return impl_->backlog().take_news(); }
void DiskStorage::close() { impl_->close(); }

}  // namespace logdist::storage
