// The durable queue: packets that survive a kill, and under `always` a power cut. docs/durable-queue.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "logdist/base/ids.hpp"
#include "logdist/base/time.hpp"
#include "logdist/queue/disk/files/file_system.hpp"
#include "logdist/queue/log/balance_figures.hpp"
#include "logdist/queue/log/log_position.hpp"
#include "logdist/queue/log/settled.hpp"
#include "logdist/queue/store.hpp"

namespace logdist::queue {

struct DurableLogOptions {
  std::string directory;
  bool sync = true;                                           ///< false: written only, survives a kill
  Duration commit_interval = std::chrono::microseconds(200);  ///< least time between the beginnings of two commits
  std::uint64_t max_disk = std::uint64_t{10} << 30;
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;
  std::size_t pending_packets_max = 65'536;                ///< taken and not reported yet
  std::size_t pending_bytes_max = std::size_t{256} << 20;  ///< of them
  std::chrono::nanoseconds retain_for{0};
  std::uint64_t retain_bytes = 0;
  bool compress = false;  ///< packets that are written together, by zstd

  /// Whether packets that are done are kept, so that each of them has to be written.
  bool retains() const { return retain_for.count() > 0 || retain_bytes > 0; }
  std::uint64_t log_id = 0;  ///< random, for a new directory
  LoopId loops = 1;
  bool own_thread = true;  ///< false: the caller calls step()
};

struct NewPacket {
  std::uint32_t messages = 0;
  std::int64_t received_at_ns = 0;  ///< since 1970
  std::string_view metadata;        ///< encode_metadata()
  std::string_view body;
};

enum class AppendResult : std::uint8_t {
  taken,
  backlog_full,  ///< pending_packets_max or pending_bytes_max
  no_space,      ///< on the disk
  failing,       ///< the disk refuses
};

struct StoreReport {
  std::uint64_t id = 0;
  StoreOutcome outcome = StoreOutcome::durable;
  LogPosition place{};  ///< of its record, when durable
};

/// A packet that is done.
struct SettledPacket {
  std::uint64_t id = 0;
  std::uint32_t messages = 0;
  SettledAs as = SettledAs::delivered;
  std::string analyzer;  ///< that was charged; none: empty
  /// Balances with a higher version contain that charge.
  std::uint64_t balance_version = std::numeric_limits<std::uint64_t>::max();
};

/// Something that a line of the log should say.
struct LogNotice {
  enum class Kind : std::uint8_t {
    damaged_records,  ///< `count` of them at `offset` of `file`
    torn_tail,        ///< was never acknowledged under `always`
    file_set_aside,   ///< `file` is kept as *.damaged
    write_failed,
    sync_failed,
    read_failed,
    remove_failed,
    disk_full,  ///< no more packets are taken
    failing,    ///< the same, by errors
    recovered,  ///< packets are taken again
  };
  Kind kind = Kind::damaged_records;
  std::string file;
  std::uint64_t offset = 0;
  std::uint64_t count = 0;
  std::error_code error{};
};

/// How far a start is with the files that an earlier process left.
struct ScanProgress {
  std::uint64_t segments = 0;  ///< read
  std::uint64_t segments_total = 0;
  std::uint64_t bytes = 0;  ///< of their files, most of which need not be read
  std::uint64_t bytes_total = 0;
};

/// Called on the committer's thread, under no lock: hand the news to your own thread, nothing else.
class DurableLogListener {
 public:
  /// Reports of this loop's packets wait in collect().
  virtual void reports_ready(LoopId loop) = 0;
  /// An append was refused since the last call, and may pass now.
  virtual void room_again() = 0;
  virtual void noticed(const LogNotice& notice) = 0;
  /// A sync has succeeded: of so many packets.
  virtual void synced(std::size_t, Duration) {}
  /// On the thread that opens the log: before the first file is read, and after each.
  virtual void scanned(const ScanProgress&) {}

 protected:
  ~DurableLogListener() = default;
};

struct LogStatus {
  std::uint64_t packets = 0;   ///< on disk, not done
  std::uint64_t messages = 0;  ///< of them
  std::uint64_t segments = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t syncs = 0;
  std::uint64_t packets_written = 0;
  std::uint64_t packets_elided = 0;
  bool settlements_in_doubt = false;  ///< some would be lost with the power, or are not written yet
  std::uint64_t damaged_records = 0;
  std::uint64_t disk_errors = 0;
  bool taking_packets = true;
};

/// What a start has found.
struct LogRecovery {
  std::uint64_t packets = 0;
  std::uint64_t messages = 0;
  std::uint64_t segments_scanned = 0;  ///< had no seal
  std::uint64_t segments = 0;
  std::uint64_t until_id = 0;  ///< packets of earlier lives have smaller ids
  std::optional<BalanceFigures> balance;
};

struct OpenError {
  enum class Kind : std::uint8_t { none, locked, newer_version, disk };
  Kind kind = Kind::none;
  std::string message;  ///< one sentence, and what to do
};

/// Whether the committer begins at once with what is appended.
enum class Wake : std::uint8_t { now, later };

/// One append-only log for all loops. Loops append packets and settle them; one committer writes what has come
/// together, syncs once for all of it, and reports. Each packet that was taken gets exactly one report:
/// durable    it is kept as the sync mode promises: its agent may have a 202
/// elided     it was settled before its turn to be written, and never was; not where done packets are retained, and no
///            dead letter
/// no_space   the disk, or max_disk, is full: it is not kept
/// failed     the disk has refused: it is not kept
/// What the views of a NewPacket point at stays where it is until then.
///
/// Thread-safe, but for step() and close(). Errors of the disk are states, never exceptions; a LogNotice tells each
/// once.
class DurableLog {
 public:
  /// Locks the directory, recovers what it holds and opens a new segment. Null with `error`. `files` and `listener`
  /// outlive it. `now`: as step().
  static std::unique_ptr<DurableLog> open(const DurableLogOptions& options, FileSystem& files,
                                          DurableLogListener& listener, OpenError& error, TimePoint now,
                                          std::int64_t unix_ns);
  /// Ends the thread. What was taken and not written is neither kept nor reported: close() first.
  ~DurableLog();
  DurableLog(const DurableLog&) = delete;
  DurableLog& operator=(const DurableLog&) = delete;

  /// All or none. Their ids are `first_id` and the ones after it. With Wake::later they wait until somebody calls
  /// wake() if each commit is synced: what is appended together is synced together.
  AppendResult append(LoopId loop, std::span<const NewPacket> packets, std::uint64_t& first_id, Wake wake = Wake::now);
  /// Has what was appended written.
  void wake();
  /// These are done, reported or not: what is not written yet won't be.
  void settle(std::span<const SettledPacket> packets);
  /// The balance as it is: with the charges of all packets settled so far, and of those settled later with a lower
  /// version.
  void set_balance(BalanceFigures figures, std::uint64_t version = 0);
  /// Adds the loop's reports since the last call.
  void collect(LoopId loop, std::vector<StoreReport>& reports);

  const LogRecovery& recovery() const;
  LogStatus status() const;
  /// Of the next packet that is taken.
  std::uint64_t next_id() const;
  /// Behind all that counts: what is appended from now on is stored behind it.
  LogPosition end() const;

  /// Without a thread of its own: does what is due. When it is to be called again at the latest.
  TimePoint step(TimePoint now, std::int64_t unix_ns);
  /// Without a thread of its own: something was given since the last call, for which step() is to be called soon.
  bool take_news();
  /// Writes and syncs all that was given, seals the segment, and ends the thread.
  void close(TimePoint now, std::int64_t unix_ns);

  class Impl;
  Impl& impl() { return *impl_; }

 private:
  explicit DurableLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace logdist::queue
