#include "server/storage.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "logdist/base/counted.hpp"
#include "logdist/os/disk_error.hpp"
#include "logdist/server/shared_state.hpp"
#include "logdist/telemetry/log.hpp"

namespace logdist::server {
namespace {

using Kind = queue::LogNotice::Kind;

void log_damage(const queue::LogNotice& notice) {
  const log::Fields fields{{"file", notice.file}, {"offset", notice.offset}, {"records", notice.count}};
  if (notice.kind == Kind::torn_tail) {
    log::info("queue_torn_tail",
              fmt::format("queue: {} at the end of {}, and never acknowledged",
                          counted(notice.count, "record was not written whole", "records were not written whole"),
                          notice.file),
              fields);
  } else {
    log::record(log::Level::error, "queue_damaged",
                fmt::format("queue: {} at byte {} of {}: what was in them is lost",
                            counted(notice.count, "damaged record"), notice.offset, notice.file),
                fields);
  }
}

void log_disk_error(const queue::LogNotice& notice, const char* operation, const char* consequence) {
  const std::string cause = os::disk_error_text(notice.error.value());
  log::error("queue_disk_error", fmt::format("queue: cannot {} {}: {}{}", operation, notice.file, cause, consequence),
             {{"operation", operation}, {"file", notice.file}, {"cause", cause}});
}

void log_refusal(const queue::LogNotice& notice) {
  const bool is_full = notice.kind == Kind::disk_full;
  const std::string cause = notice.error ? os::disk_error_text(notice.error.value()) : "queue.max_disk is reached";
  log::error(is_full ? "queue_disk_full" : "queue_disk_failing",
             fmt::format("queue: {} is {} ({}): requests wait for the delivery of their packets", notice.file,
                         is_full ? "full" : "not writable", cause),
             {{"directory", notice.file}, {"cause", cause}});
}

}  // namespace

queue::DurableLogOptions log_options(const config::Options& options, std::size_t loops, std::uint64_t seed) {
  const config::QueueOptions& queue = options.queue;
  queue::DurableLogOptions log;
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(queue.directory, error);
  log.directory = error ? queue.directory : absolute.lexically_normal().string();
  while (log.directory.size() > 1 && log.directory.ends_with('/')) log.directory.pop_back();
  log.sync = queue.sync.syncs;
  log.commit_interval = std::max(log.commit_interval, queue.sync.interval);
  log.max_disk = queue.max_disk;
  log.segment_bytes = std::min<std::uint64_t>(queue.segment_size, queue.max_disk / 8);
  log.retain_for = queue.retain_for;
  log.retain_bytes = queue.retain_bytes;
  log.compress = queue.compression == config::QueueCompression::zstd;
  // Each connection has one packet that is not reported; what was delivered before its report comes on top.
  log.pending_packets_max = std::max<std::size_t>(log.pending_packets_max, 2 * options.server.max_connections);
  log.pending_bytes_max = options.server.max_buffered;
  log.loops = static_cast<LoopId>(loops);
  log.log_id = seed;
  return log;
}

void log_notice(const queue::LogNotice& notice) {
  switch (notice.kind) {
    case Kind::damaged_records:
    case Kind::torn_tail: return log_damage(notice);
    case Kind::file_set_aside:
      return log::record(log::Level::warn, "queue_file_set_aside",
                         fmt::format("queue: {} has damaged records and is kept", notice.file),
                         {{"file", notice.file}});
    case Kind::write_failed: return log_disk_error(notice, "write", "; what was in it is written to another file");
    case Kind::sync_failed: return log_disk_error(notice, "sync", "; what was in it is written to another file");
    case Kind::read_failed: return log_disk_error(notice, "read", "; its packets are tried again at the next start");
    case Kind::remove_failed: return log_disk_error(notice, "remove", "");
    case Kind::disk_full:
    case Kind::failing: return log_refusal(notice);
    case Kind::recovered:
      return log::info("queue_disk_recovered", fmt::format("queue: {} takes packets again", notice.file),
                       {{"directory", notice.file}});
  }
}

void log_recovery(const storage::RecoveryProgress& progress) {
  using Stage = storage::RecoveryProgress::Stage;
  const queue::ScanProgress& scan = progress.scan;
  const double seconds = to_seconds(progress.took);
  const log::Fields fields{
      {"segments", scan.segments},   {"segments_total", scan.segments_total}, {"bytes_total", scan.bytes_total},
      {"packets", progress.packets}, {"packets_read", progress.packets_read}, {"seconds", seconds}};
  if (progress.stage == Stage::over) {
    const bool is_rest_left = progress.packets_read < progress.packets;
    return log::info("queue_recovery_ended",
                     fmt::format("queue: the recovery has ended after {:.2f} s: {} of {} read{}", seconds,
                                 progress.packets_read, counted(progress.packets, "packet"),
                                 is_rest_left ? ", the others when there is room for them" : ""),
                     fields);
  }
  if (progress.stage == Stage::scanning && scan.segments == 0) {
    return log::info("queue_recovery_begun",
                     fmt::format("queue: reading {} of an earlier process", counted(scan.segments_total, "file")),
                     fields);
  }
  if (progress.stage == Stage::reading_back && progress.packets_read == 0) {
    return log::info("queue_recovered",
                     fmt::format("queue: {} of an earlier process found after {:.2f} s, delivered oldest first",
                                 counted(progress.packets, "packet"), seconds),
                     fields);
  }
  const bool is_scanning = progress.stage == Stage::scanning;
  log::info(
      "queue_recovery_progress",
      fmt::format("queue: {} of {} of an earlier process read", is_scanning ? scan.segments : progress.packets_read,
                  is_scanning ? counted(scan.segments_total, "file") : counted(progress.packets, "packet")),
      fields);
}

void warn_of_rights(const std::string& directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0 || (status.st_mode & 0077) == 0) return;
  const std::string rights = fmt::format("{:04o}", status.st_mode & 07777);
  log::warn(
      "queue_directory_rights",
      fmt::format("queue.directory: {} has the rights {}: others than its owner can reach the packets in it; 0700 "
                  "is enough",
                  directory, rights),
      {{"directory", directory}, {"rights", rights}});
}

std::string SharedState::open_storage() {
  if (options.queue.storage == config::StorageMode::memory) return {};
  storage::DiskStorageOptions wanted;
  wanted.log = log_options(options, loops, seed);
  wanted.notice = log_notice;
  wanted.recovery = log_recovery;
  warn_of_rights(wanted.log.directory);
  files = queue::make_posix_file_system();
  queue::OpenError error;
  storage = storage::DiskStorage::open(wanted, *files, bounds, error);
  if (!storage) return "queue.directory: " + error.message;
  for (const AnalyzerId id : registry.present()) storage->name(id, registry[id].configured.name);
  return {};
}

}  // namespace logdist::server
