// The packets that are on the disk only.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "logdist/base/mutex.hpp"
#include "logdist/queue/disk/durable_log.hpp"
#include "logdist/queue/disk/packet_reader.hpp"
#include "logdist/storage/disk_storage.hpp"
#include "storage/recovery_meter.hpp"

namespace logdist::storage {

/// Appends packets, and decides which of them stay in memory: none while older ones are on the disk only. So those are
/// one stretch of the log, and a reader's position is the whole index. Thread-safe.
class Backlog {
 public:
  /// Begins with what `log` has recovered.
  Backlog(queue::DurableLog& log, queue::QueueLimits& limits, LoopId loops, RecoveryMeter& recovery);
  ~Backlog() { stop(); }
  Backlog(const Backlog&) = delete;
  Backlog& operator=(const Backlog&) = delete;

  /// `queue_bytes` are taken of the queue for a packet that stays in memory.
  queue::Store::Answer append(LoopId loop, const queue::NewPacket& packet, std::size_t queue_bytes, std::uint64_t& id);
  /// One that was not to stay in memory has its report.
  void reported(std::uint32_t messages, bool is_stored);
  /// There may be places in the queue again.
  void places_freed();

  void start(LoopAccess& loops);
  void stop();

  std::uint64_t packets() const { return unread_.load(std::memory_order_relaxed); }

 private:
  /// Bytes that are read at once.
  static constexpr std::size_t read_bytes = std::size_t{1} << 20;
  /// Packets that a loop gets at once.
  static constexpr std::size_t hand_over_packets = 64;
  /// News of free places can be missed: while there is something to be read it looks again.
  static constexpr std::chrono::milliseconds look_again{100};

  void run();
  bool is_stopped();
  bool is_spilling();
  void wait();
  void wake();
  bool has_room() const;
  bool read_more();
  bool hand_over();
  bool take_place(const queue::StoredPacket& packet, bool& has_place);
  void count_lost();
  void count_recovered();
  bool end_if_read(std::uint64_t appended_before);

  queue::DurableLog& log_;
  queue::QueueLimits& limits_;
  const LoopId loops_count_;
  const std::uint64_t recovered_until_;
  RecoveryMeter& recovery_;
  LoopAccess* loops_ = nullptr;

  /// Shared: to append. Alone: to begin and to end a stretch.
  std::shared_mutex stretch_;
  bool spilling_ = false;                      ///< guarded by stretch_
  std::optional<queue::PacketReader> reader_;  ///< made and ended under stretch_ alone; used by the thread
  std::atomic<std::uint64_t> unread_{0};       ///< in the stretch
  std::atomic<std::uint64_t> unread_messages_{0};
  std::atomic<std::uint64_t> unreported_{0};  ///< of them, not known to be stored
  std::atomic<std::uint64_t> appended_{0};    ///< to any stretch

  // The thread's own.
  std::vector<queue::StoredPacket> batch_;  ///< read, and not handed over yet from `next_` on
  std::size_t next_ = 0;
  std::uint64_t lost_counted_ = 0;
  std::uint64_t recovered_packets_ = 0;
  std::uint64_t recovered_bytes_ = 0;
  LoopId next_loop_ = 0;

  Mutex mutex_;
  std::condition_variable_any news_;
  bool has_news_ LOGDIST_GUARDED_BY(mutex_) = false;
  bool stopped_ LOGDIST_GUARDED_BY(mutex_) = false;
  std::atomic<bool> waiting_{false};  ///< spares those with news the lock
  std::thread thread_;
};

}  // namespace logdist::storage
