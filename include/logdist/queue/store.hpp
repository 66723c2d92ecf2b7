// The interface between dispatch and what keeps accepted packets beyond this process.
#pragma once

#include <cstdint>

#include "logdist/base/time.hpp"
#include "logdist/queue/delivery.hpp"
#include "logdist/queue/log/settled.hpp"

namespace logdist::queue {

/// What became of a packet that was appended.
enum class StoreOutcome : std::uint8_t {
  durable,   ///< kept as the sync mode promises
  elided,    ///< settled before its turn to be written, and never was
  no_space,  ///< not kept: the disk, or its bound, is full
  failed,    ///< not kept: the disk has refused
};

/// Where a store's reports go.
class StoreListener {
 public:
  /// The one report on a packet that was taken, on the loop's thread, never from within a call of the store. Its
  /// bytes are free from now on.
  virtual void reported(Delivery& delivery, StoreOutcome outcome, TimePoint now) = 0;

 protected:
  ~StoreListener() = default;
};

/// What became of the body of a parked packet that was asked for again.
enum class FetchOutcome : std::uint8_t {
  here,         ///< it is in the delivery, with its place in the queue
  exchanged,    ///< it is in the delivery, and takes its place from a packet that is parked instead
  lost,         ///< its record is damaged, as was told
  unavailable,  ///< the disk refuses now
};

/// One loop's access to the store. Dispatch decides what becomes of a packet; a Store keeps it meanwhile.
/// Implementations: storage::DiskStore, and scripted ones in tests. Without a store (queue.storage `memory`) dispatch
/// has none. Confined to its loop. No call fails or blocks for the disk.
class Store {
 public:
  enum class Answer : std::uint8_t {
    in_memory,     ///< taken, with a place in the queue: it is delivered from memory
    on_disk_only,  ///< taken; memory has no place for it, or older packets wait on the disk: it is read back later
    refused,       ///< no space, too many unreported, or a disk that refuses: its request waits for the delivery
  };

  virtual ~Store() = default;

  /// Takes the packet of `delivery`, which is on its way to the disk with the next flush(), and sets its `store_id` and
  /// `report_due`, but for Answer::refused. Its packet stays as it is until the report.
  virtual Answer append(Delivery& delivery) = 0;
  /// A packet without a `store_id` is a dead letter: kept with those that have one, if there is a place.
  virtual void keep_dead_letter(const Delivery& delivery) = 0;
  /// A packet that has a `store_id` has ended.
  virtual void settle(const Delivery& delivery, SettledAs how) = 0;
  /// End of a turn: what was appended and settled since the last one is on its way to the disk, and places may be free.
  /// `balance_version`: snapshots of the balance that were taken before the turn; later ones contain its charges.
  virtual void flush(std::uint64_t balance_version) = 0;

  /// How many bytes the next packet that waits on the disk for a place in the queue needs; 0: none waits.
  virtual std::size_t room_wanted() const { return 0; }
  /// Analyzers have room for what waits on the disk, and so many packets in memory are of no use to them now: they may
  /// be exchanged. One offer at a time; the loop is told when it has ended.
  virtual void offer(std::size_t packets, std::size_t bytes) = 0;
  /// The body of a parked packet is wanted again: the loop is told what became of that. Its `store_id`, `store_place`
  /// and `parked_bytes` are read at once.
  virtual void fetch(Delivery& delivery) = 0;
};

}  // namespace logdist::queue
