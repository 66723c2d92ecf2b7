// What the loops have given and the committer has not taken; what it reports and they have not collected.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "logdist/base/mutex.hpp"
#include "logdist/queue/disk/durable_log.hpp"

namespace logdist::queue {

struct PendingPacket {
  std::uint64_t id = 0;
  NewPacket packet;
  std::uint32_t crc = 0;
  LoopId loop = 0;
  LogPosition place{};  ///< once it is written
};

/// In the order in which it was given.
struct IntakeBatch {
  std::vector<PendingPacket> packets;
  std::vector<SettledPacket> settled;
  std::optional<BalanceFigures> balance;
  std::uint64_t balance_version = 0;
  std::size_t balance_at = 0;  ///< so many of `settled` came before it
};

/// What the loops have given and the committer has not taken; what it reports and they have not collected.
/// Thread-safe. Bounded in packets and bytes until they are reported.
class Intake {
 public:
  explicit Intake(const DurableLogOptions& options);

  /// wait_until() returns for what was taken once wake() is called.
  AppendResult append(LoopId loop, std::span<const NewPacket> packets, std::uint64_t& first_id);
  void wake();
  void settle(std::span<const SettledPacket> packets);
  void set_balance(BalanceFigures figures, std::uint64_t version);
  void collect(LoopId loop, std::vector<StoreReport>& reports);

  // The committer's side.
  bool has_packets() const;
  bool has_others() const;
  IntakeBatch take();
  /// These have their end. The loops that have news are listed once each.
  void report(std::span<const PendingPacket> packets, StoreOutcome outcome, std::vector<LoopId>& loops);
  /// What append() answers from now on.
  void set_refusal(AppendResult refusal);
  /// Whether an append was refused since the last call, and would pass now.
  bool take_refused();
  /// The next id, for a segment that begins with no packet.
  std::uint64_t draw_id(std::uint64_t at_least);
  void set_next_id(std::uint64_t id);
  std::uint64_t next_id() const;
  /// Waits for something to be given that was not there, for stop(), or until `deadline`. False: stopped.
  bool wait_until(TimePoint deadline);
  /// For one that does not wait: whether something was given since the last call that was not there.
  bool take_news();
  void stop();

 private:
  mutable Mutex mutex_;
  std::condition_variable_any given_;
  const std::size_t packets_max_;
  const std::size_t bytes_max_;
  const std::size_t loops_;
  IntakeBatch batch_ LOGDIST_GUARDED_BY(mutex_);
  std::vector<std::vector<StoreReport>> reports_ LOGDIST_GUARDED_BY(mutex_);  ///< by loop
  std::size_t held_packets_ LOGDIST_GUARDED_BY(mutex_) = 0;
  std::size_t held_bytes_ LOGDIST_GUARDED_BY(mutex_) = 0;
  std::uint64_t next_id_ LOGDIST_GUARDED_BY(mutex_) = 1;
  AppendResult refusal_ LOGDIST_GUARDED_BY(mutex_) = AppendResult::taken;
  bool refused_ LOGDIST_GUARDED_BY(mutex_) = false;
  bool news_ LOGDIST_GUARDED_BY(mutex_) = false;      ///< since the last wait
  bool wake_due_ LOGDIST_GUARDED_BY(mutex_) = false;  ///< packets were the first of a batch, and nobody was woken
  bool stopped_ LOGDIST_GUARDED_BY(mutex_) = false;
};

}  // namespace logdist::queue
