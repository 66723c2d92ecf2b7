// What an outsider knows of each packet's safety, and who judges it, in a life with the durable queue.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "logdist/queue/disk/durable_log.hpp"
#include "logdist/queue/disk/packet_reader.hpp"
#include "tests/sim/complaints.hpp"
#include "tests/sim/disk_scenario.hpp"

namespace logdist::sim {

class DiskWorld;

/// The bytes of the packet's body.
std::string body_of(std::uint64_t serial, std::size_t bytes);

/// The end of a daemon, as the world brought it about.
struct DaemonEnd {
  DiskEnd how = DiskEnd::killed;
  bool is_lossy = false;                         ///< what was acknowledged may be gone: not synced, or damaged
  std::optional<queue::BalanceFigures> balance;  ///< as it was in truth; none: it was still starting
};

/// Told of each event before it is entered in the trace.
class DiskWitness : public Witness {
 public:
  /// A packet was read from the disk, and is about to be its loop's; `id` is in its metadata.
  /// `is_parked`: only its body comes back.
  virtual void read_back(const queue::StoredPacket&, std::string_view /*id*/, bool /*is_parked*/) {}
  /// What the log says of a packet that was given to it.
  virtual void reported(std::uint64_t /*serial*/, queue::StoreOutcome) {}
  /// The balance as it is now has been given to the log, if it had changed.
  virtual void balance_kept() {}
  /// All that has ended so far, and the balance that was given last, is where the sync mode promises.
  virtual void nothing_in_doubt() {}
  virtual void daemon_ended(const DaemonEnd&) {}
  /// A daemon is up, with what it has found.
  virtual void daemon_started() {}
  /// After each event while a daemon is up.
  virtual void stepped() {}
  /// The life is over: everything is settled, and a last start has looked.
  virtual void life_ended() {}
};

/// What is known of one packet.
struct Safety {
  enum class Ended : std::uint8_t {
    no,
    in_doubt,  ///< by this process, which the log may not have yet
    maybe,     ///< that was in doubt when the process ended
    surely,
  };

  Ended ended = Ended::no;
  bool acknowledged = false;  ///< 202
  bool is_durable = false;    ///< as the log has reported
  /// By the log. It may be there all the same, until something behind it counts, and how it ends is not written.
  bool is_refused = false;
  bool is_dead_letter = false;
  bool may_be_lost = false;    ///< acknowledged, not synced, and the power has been gone since; or damage
  std::uint32_t taken = 0;     ///< times that an analyzer took it
  std::uint32_t doubtful = 0;  ///< ends of a process which may have it sent once more
};

/// Keeps what is known. Told after the checkers.
class DiskTrace final : public DiskWitness {
 public:
  const std::deque<Safety>& packets() const { return packets_; }
  const Safety& of(std::uint64_t serial) const { return packets_.at(serial); }
  /// Messages whose charges may not be in the log as it promises.
  std::uint64_t messages_in_doubt() const { return messages_in_doubt_; }
  /// Those of all processes that have ended.
  std::uint64_t messages_doubtful() const { return messages_doubtful_; }
  bool was_lossy() const { return was_lossy_; }

  void admitted(const PacketHistory& history) override;
  void stored(const PacketHistory& history) override;
  void taken(const PacketHistory& history) override;
  void result_seen(const PacketHistory& history, const core::AttemptResult& result) override;
  void dead_lettered(const PacketHistory& history, DeadLetterReason) override;
  void read_back(const queue::StoredPacket& packet, std::string_view id, bool is_parked) override;
  void reported(std::uint64_t serial, queue::StoreOutcome outcome) override;
  void nothing_in_doubt() override;
  void daemon_ended(const DaemonEnd& end) override;

 private:
  void end(std::uint64_t serial);

  std::deque<Safety> packets_;
  std::vector<std::uint64_t> in_doubt_;
  std::map<std::uint64_t, std::uint32_t> taken_now_;  ///< messages of packets taken whose result no turn has seen
  std::uint64_t messages_in_doubt_ = 0;
  std::uint64_t messages_doubtful_ = 0;
  bool was_lossy_ = false;
};

/// The packet's serial; none: it is no packet of this life.
std::optional<std::uint64_t> serial_of(std::string_view id, std::size_t packets);

/// Looks on and complains.
class DiskChecker : public DiskWitness, public Complaints {
 public:
  DiskChecker(std::string name, const DiskWorld& world, Findings& findings)
      : Complaints(std::move(name), findings), world_(world) {}

 protected:
  const DiskWorld& world_;
};

using DiskCheckers = std::vector<std::unique_ptr<DiskChecker>>;

/// All of them.
DiskCheckers make_disk_checkers(const DiskWorld& world, Findings& findings);

// One by one, each as described in its file.
std::unique_ptr<DiskChecker> make_durability(const DiskWorld& world, Findings& findings);
std::unique_ptr<DiskChecker> make_restarts(const DiskWorld& world, Findings& findings);

}  // namespace logdist::sim
