// The packets that are on the disk only.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
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

/// What it takes of the queue: as core::Packet::queue_bytes().
std::size_t queue_bytes_of(const queue::StoredPacket& packet);

/// Appends packets, and decides which of them stay in memory: none while older ones are on the disk only. So those are
/// one stretch of the log, and a reader's position is the whole index. Parked packets are not of it: their loops know
/// where they are, and ask for them. Thread-safe.
class Backlog {
 public:
  /// A loop's packets that may be exchanged for others.
  struct Offer {
    LoopId loop = 0;
    std::size_t packets = 0;
    std::size_t bytes = 0;
  };
  /// A parked packet, whose body is wanted.
  struct Fetch {
    LoopId loop = 0;
    queue::Delivery* delivery = nullptr;
    std::uint64_t id = 0;
    queue::LogPosition place{};
    std::size_t bytes = 0;  ///< of the queue
    bool is_suspect = false;
  };

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
  /// As queue::Store's.
  std::size_t room_wanted() const { return room_wanted_.load(std::memory_order_relaxed); }
  void offer(const Offer& offer);
  void fetch(const Fetch& fetch);

  /// `own_thread`: else the caller calls step().
  void start(LoopAccess& loops, bool own_thread);
  void stop();

  /// What its thread does, once: serves one offer, reads or hands over what finds places. When it is to be called again
  /// at the latest, if there is no news.
  TimePoint step(TimePoint now);
  /// Without a thread of its own: whether there is news since the last call, for which step() is to be called soon.
  bool take_news();

  std::uint64_t packets() const { return unread_.load(std::memory_order_relaxed); }

 private:
  /// Bytes that are read at once.
  static constexpr std::size_t read_bytes = std::size_t{1} << 20;
  /// Packets that a loop gets at once.
  static constexpr std::size_t hand_over_packets = 64;
  /// While others wait, a parked packet that was tried before has one of so many places; so many are saved up.
  static constexpr std::size_t fetch_costs = 8;
  static constexpr std::size_t credit_max = 8 * fetch_costs;
  /// News of free places can be missed: while there is something to be read it looks again.
  static constexpr std::chrono::milliseconds look_again{100};

  void run();
  bool has_work();
  bool is_spilling();
  bool wait_until(TimePoint deadline);
  void wake();
  void tell_wants();
  bool has_room() const;
  bool read_back();
  bool read_more();
  bool hand_over();
  bool take_place(const queue::StoredPacket& packet, bool& has_place);
  bool has_next();
  bool serve_offer();
  bool take_place_in(Offer& offer, std::size_t bytes, ReadBackPacket& packet);
  void exchange_fetched(Offer& offer, std::vector<ReadBackPacket>& packets);
  void exchange_next(Offer& offer, std::vector<ReadBackPacket>& packets);
  bool serve_fetches();
  std::deque<Fetch>* next_fetch();
  void read_parked(std::deque<Fetch>& fetches, ReadBackPacket& packet);
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
  TimePoint now_{};                         ///< of the present step
  std::vector<queue::StoredPacket> batch_;  ///< read, and not handed over yet from `next_` on
  std::size_t next_ = 0;
  bool is_held_up_ = false;        ///< what is next found no place: half of the queue is to be free
  std::deque<Fetch> fetches_new_;  ///< of packets that nobody was asked for
  std::deque<Fetch> fetches_again_;
  std::size_t credit_ = credit_max;  ///< for the latter
  std::size_t bytes_short_ = 0;      ///< what was offered last was too little for a packet of so many bytes
  TimePoint told_wants_at_{};
  std::uint64_t lost_counted_ = 0;
  std::uint64_t recovered_packets_ = 0;
  std::uint64_t recovered_bytes_ = 0;
  LoopId next_loop_ = 0;

  Mutex mutex_;
  std::condition_variable_any news_;
  bool has_news_ LOGDIST_GUARDED_BY(mutex_) = false;
  bool stopped_ LOGDIST_GUARDED_BY(mutex_) = false;
  std::deque<Offer> offers_ LOGDIST_GUARDED_BY(mutex_);  ///< at most one a loop
  std::vector<Fetch> asked_ LOGDIST_GUARDED_BY(mutex_);  ///< not taken by the thread yet
  std::atomic<std::size_t> room_wanted_{0};              ///< bytes
  std::atomic<bool> waiting_{false};                     ///< spares those with news the lock
  std::thread thread_;
};

}  // namespace logdist::storage
