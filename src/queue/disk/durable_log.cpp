#include "logdist/queue/disk/durable_log.hpp"

#include <utility>

#include "logdist/os/disk_error.hpp"
#include "logdist/os/wall_clock.hpp"
#include "queue/disk/log_impl.hpp"

namespace logdist::queue {
namespace {

bool take_directory(const DurableLogOptions& options, FileSystem& files, std::unique_ptr<DirectoryLock>& lock,
                    OpenError& error) {
  std::string holder;
  std::error_code code = files.make_directory(options.directory);
  if (!code) lock = files.lock(options.directory, holder, code);
  if (lock) return true;
  if (code == std::errc::resource_unavailable_try_again) {
    error = {OpenError::Kind::locked, options.directory + " is used by another process" +
                                          (holder.empty() ? "" : " (pid " + holder + ")") +
                                          "; a queue directory has one daemon."};
  } else {
    error = {OpenError::Kind::disk, options.directory + ": " + os::disk_error_text(code.value()) + "."};
  }
  return false;
}

}  // namespace

void DurableLog::Impl::run_thread() {
  thread = std::thread([this] {
    TimePoint next = Clock::now();
    while (intake.wait_until(next)) next = committer->step({Clock::now(), os::unix_time_ns()});
  });
}

void DurableLog::Impl::end_thread() {
  if (!thread.joinable()) return;
  intake.stop();
  thread.join();
}

std::unique_ptr<DurableLog> DurableLog::open(const DurableLogOptions& options, FileSystem& files,
                                             DurableLogListener& listener, OpenError& error, TimePoint now,
                                             std::int64_t unix_ns) {
  auto impl = std::make_unique<Impl>(options, files, listener);
  if (!take_directory(options, files, impl->lock, error)) return nullptr;
  files.reached(CrashPoint::lock_taken);
  RecoveredLog recovered;
  const RecoveryNews news{[&](const LogNotice& notice) { listener.noticed(notice); },
                          [&](const ScanProgress& progress) { listener.scanned(progress); }};
  error = recover(options.directory, options.sync, files, news, recovered);
  if (error.kind != OpenError::Kind::none) return nullptr;
  files.reached(CrashPoint::recovery_scanned);

  impl->shared.log_id = recovered.log_id != 0 ? recovered.log_id : options.log_id;
  impl->recovery = {recovered.state.live_packets(),
                    recovered.state.live_messages(),
                    recovered.segments_scanned,
                    recovered.state.segments().size(),
                    recovered.next_id,
                    recovered.balance};
  impl->intake.set_next_id(recovered.next_id);
  {
    const MutexLock lock(impl->shared.mutex);
    impl->shared.counters.damaged_records = recovered.damaged_records;
    impl->shared.state = std::move(recovered.state);
  }
  impl->committer =
      std::make_unique<Committer>(impl->options, files, listener, impl->intake, impl->shared, std::move(recovered));
  if (!impl->committer->begin({now, unix_ns})) {
    const int number = impl->committer->last_error().value();
    error = {OpenError::Kind::disk, options.directory + ": " + os::disk_error_text(number) + "."};
    return nullptr;
  }
  if (options.own_thread) impl->run_thread();
  return std::unique_ptr<DurableLog>(new DurableLog(std::move(impl)));
}

DurableLog::DurableLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DurableLog::~DurableLog() = default;

AppendResult DurableLog::append(LoopId loop, std::span<const NewPacket> packets, std::uint64_t& first_id, Wake wake) {
  const AppendResult result = impl_->intake.append(loop, packets, first_id);
  // A write takes so little that the loop goes on meanwhile; a sync is shared by as many as possible.
  const bool at_once = wake == Wake::now || !impl_->options.sync;
  if (result == AppendResult::taken && at_once) impl_->intake.wake();
  return result;
}

void DurableLog::wake() { impl_->intake.wake(); }

void DurableLog::settle(std::span<const SettledPacket> packets) { impl_->intake.settle(packets); }

void DurableLog::set_balance(BalanceFigures figures, std::uint64_t version) {
  impl_->intake.set_balance(std::move(figures), version);
}

void DurableLog::collect(LoopId loop, std::vector<StoreReport>& reports) { impl_->intake.collect(loop, reports); }

const LogRecovery& DurableLog::recovery() const { return impl_->recovery; }

LogStatus DurableLog::status() const {
  const bool not_taken = impl_->intake.has_others();
  const MutexLock lock(impl_->shared.mutex);
  LogStatus status = impl_->shared.counters;
  status.packets = impl_->shared.state.live_packets();
  status.messages = impl_->shared.state.live_messages();
  status.segments = impl_->shared.state.segments().size();
  status.settlements_in_doubt = status.settlements_in_doubt || not_taken;
  status.disk_bytes = impl_->shared.state.file_bytes();
  return status;
}

std::uint64_t DurableLog::next_id() const { return impl_->intake.next_id(); }

LogPosition DurableLog::end() const {
  const MutexLock lock(impl_->shared.mutex);
  const auto& segments = impl_->shared.state.segments();
  return segments.empty() ? LogPosition{} : LogPosition{segments.back().first_id, segments.back().end_offset};
}

TimePoint DurableLog::step(TimePoint now, std::int64_t unix_ns) { return impl_->committer->step({now, unix_ns}); }

bool DurableLog::take_news() { return impl_->intake.take_news(); }

void DurableLog::close(TimePoint now, std::int64_t unix_ns) {
  impl_->end_thread();
  impl_->committer->close({now, unix_ns});
}

}  // namespace logdist::queue
