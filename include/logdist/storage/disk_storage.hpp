// The durable queue as the daemon has it: a store for each loop, and packets that come back from the disk.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "logdist/base/ids.hpp"
#include "logdist/base/time.hpp"
#include "logdist/ledger/ledger.hpp"
#include "logdist/os/wall_clock.hpp"
#include "logdist/queue/disk/durable_log.hpp"
#include "logdist/queue/disk/packet_reader.hpp"
#include "logdist/queue/queue_limits.hpp"
#include "logdist/queue/store.hpp"
#include "logdist/storage/replay.hpp"
#include "logdist/telemetry/scrape.hpp"

namespace logdist::storage {

/// A packet that was read back.
struct ReadBackPacket {
  queue::StoredPacket stored;
  bool has_place = false;  ///< in the queue: taken with the packet's own bytes
  /// Or it takes its place from a packet that is parked for it.
  bool in_exchange = false;
  /// Of a parked packet, whose body comes back: its delivery, and whether it could be read.
  queue::Delivery* parked = nullptr;
  queue::FetchOutcome outcome = queue::FetchOutcome::here;
};

/// The loops, as the storage reaches them. Called on its threads: hand it to the loop's thread, nothing else.
class LoopAccess {
 public:
  /// Calls DiskStorage::collect(loop) there.
  virtual void reports_ready(LoopId loop) = 0;
  /// Oldest first; after those given before.
  virtual void read_back(LoopId loop, std::vector<ReadBackPacket> packets) = 0;
  /// The same, as many as there are, for the loop's last Store::offer(), which has ended.
  virtual void exchange(LoopId loop, std::vector<ReadBackPacket> packets) = 0;
  /// Packets on the disk find no place: each loop is to take a turn.
  virtual void room_wanted() = 0;
  /// As ReplayTarget's.
  virtual void replay(LoopId loop, ReplayedPacket packet, ReplayEnded ended) = 0;
  /// Packets on the disk only were found damaged: any loop counts them.
  virtual void lost(const ledger::Amount& packets) = 0;

 protected:
  ~LoopAccess() = default;
};

/// How far a start is with what an earlier process left.
struct RecoveryProgress {
  enum class Stage : std::uint8_t {
    scanning,      ///< files are read for what they hold
    reading_back,  ///< packets are read, for the first time
    over,          ///< all are read, or as many as the queue's memory holds, or there are none
  };

  Stage stage = Stage::scanning;
  queue::ScanProgress scan;
  std::uint64_t packets = 0;       ///< that an earlier process had left; known once the files are read
  std::uint64_t packets_read = 0;  ///< of them
  Duration took{};                 ///< since the beginning, until it was over
};

/// Where its times come from. Thread-safe, unless `log.own_thread` is false.
struct StorageClocks {
  std::function<TimePoint()> steady = [] { return Clock::now(); };
  std::function<std::int64_t()> unix_ns = [] { return os::unix_time_ns(); };  ///< since 1970
};

/// Where it keeps packets, and how.
struct DiskStorageOptions {
  queue::DurableLogOptions log;                         ///< `own_thread` is for all of the storage
  std::function<void(const queue::LogNotice&)> notice;  ///< what a line of the log should say; any thread
  /// Told of each stage of a recovery, and at most once a second of how far it is. On any thread; nothing is told of a
  /// new directory.
  std::function<void(const RecoveryProgress&)> recovery{};
  StorageClocks clocks{};
};

/// Owns the log, the packets that are on the disk only, and the loops' stores.
///
/// A packet that finds a place in the queue is delivered from memory while it is written. One that finds none is
/// written and dropped from memory, and from then on all packets are, until every one of them is read back: so those on
/// the disk only are one stretch of the log, in the order of their arrival, and memory holds two positions of them.
/// What an earlier process left is such a stretch, too. It is read back by a thread of its own once half of the queue's
/// places and bytes are free, or when a loop offers packets for exchange that are of no use to the analyzers which have
/// room: the bodies of those leave memory, and come back, by their place in the log, when they may be sent.
///
/// Thread-safe, except for what says otherwise. Close it before the loops' buffers are gone.
class DiskStorage {
 public:
  /// Locks and recovers the directory. Null with `error`. `files` and `limits` outlive it.
  static std::unique_ptr<DiskStorage> open(const DiskStorageOptions& options, queue::FileSystem& files,
                                           queue::QueueLimits& limits, queue::OpenError& error);
  ~DiskStorage();
  DiskStorage(const DiskStorage&) = delete;
  DiskStorage& operator=(const DiskStorage&) = delete;

  const queue::LogRecovery& recovery() const;

  /// The loop's store, for its dispatcher, which hears the reports.
  queue::Store& store(LoopId loop);
  void set_listener(LoopId loop, queue::StoreListener& listener);
  /// The analyzer of that id has this name from now on.
  void name(AnalyzerId analyzer, const std::string& name);

  /// As DurableLog's. Any thread.
  void set_balance(queue::BalanceFigures figures, std::uint64_t version);

  /// The loops run: what an earlier process left is read back from now on. `loops` outlives close().
  void start(LoopAccess& loops);
  /// On the loop's thread: passes its reports on.
  void collect(LoopId loop, TimePoint now);

  /// An earlier process's packets are being read for the first time. Over when all are, or as many as the queue holds.
  bool recovering() const;
  RecoveryProgress recovery_progress() const;
  /// Packets on the disk only.
  std::uint64_t packets_on_disk_only() const;
  telemetry::StorageFacts facts() const;
  /// Whether some packets have ended, or something of the balance was given, that the log does not have as its sync
  /// mode promises.
  bool settlements_in_doubt() const;

  /// Sends packets that are done once more. One at a time: false while another one runs, and after end_replays(), and
  /// before start(). The last `replays_shown` are remembered.
  bool start_replay(const ReplayRequest& request, ReplayReport& report);
  static constexpr std::size_t replays_shown = 16;
  /// Oldest first.
  std::vector<ReplayReport> replays() const;
  /// False: there is none of that id.
  bool stop_replay(const std::string& id);
  /// Stops them, and allows no more.
  void end_replays();

  // Without threads (`log.own_thread` is false), the caller does what they would: one thread calls all that there is
  // here. Replays are not to be had so.
  /// What the committer, and the thread that reads packets back, do once: when it is to be called again at the latest.
  TimePoint step_log();
  TimePoint step_backlog();
  /// Whether there is news for it since the last call, so that it is to be called soon.
  bool take_log_news();
  bool take_backlog_news();

  /// Ends read-back, writes and syncs all that was given, and ends the threads. Waits for the disk. Calls after the
  /// first wait for its end.
  void close();

 private:
  class Impl;
  explicit DiskStorage(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace logdist::storage
