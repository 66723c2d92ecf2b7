// Packets that are done, sent once more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "logdist/base/ids.hpp"
#include "logdist/queue/disk/settled_reader.hpp"

namespace logdist::storage {

/// What is asked for.
struct ReplayRequest {
  queue::SettledRange range;
  std::vector<std::string> ids;          ///< only packets with these; none: all
  std::optional<AnalyzerId> analyzer{};  ///< they go only there; none: to any
  double packets_per_second = 0;         ///< at most; 0: as fast as they are taken
  bool dry_run = false;                  ///< only counts
};

/// How it goes.
struct ReplayReport {
  enum class State : std::uint8_t { running, done, stopped };

  std::string id;
  State state = State::running;
  bool dry_run = false;
  std::uint64_t packets_found = 0;
  std::uint64_t messages_found = 0;
  std::uint64_t packets_replayed = 0;   ///< safe again: stored, or with an analyzer
  std::uint64_t packets_in_flight = 0;  ///< handed over, and not safe yet
  std::uint64_t packets_failed = 0;     ///< the only analyzer that they may go to will not have them
  std::uint64_t times_refused = 0;      ///< no place was there, or not in time; tried again
  std::uint64_t segments_unreadable = 0;
  queue::ReadProgress read;
};

/// A packet that is handed over.
struct ReplayedPacket {
  std::shared_ptr<const queue::StoredPacket> stored;
  std::string replay_id;                 ///< for `Packet-Replay`
  std::optional<AnalyzerId> analyzer{};  ///< it goes only there; none: to any
};

/// What became of it.
enum class ReplayOutcome : std::uint8_t {
  safe,     ///< stored, or with an analyzer
  refused,  ///< there was no place, or not in time: it is given again
  failed,   ///< its only analyzer was removed, takes no such packets, or has refused it
};
using ReplayEnded = std::function<void(ReplayOutcome)>;

/// Where its packets go.
class ReplayTarget {
 public:
  /// On the replay's thread: admit it, on any loop. Then `ended`, once, on any thread.
  virtual void replay(ReplayedPacket packet, ReplayEnded ended) = 0;

 protected:
  ~ReplayTarget() = default;
};

/// One replay, on a thread of its own. Holds at most in_flight_max packets, or one that is larger than bytes_max.
/// What it has handed over when it is stopped is admitted all the same. Packets for one analyzer are not stored again:
/// they are safe when it has them. It is not taken up by another process: what was
/// admitted is in the log as any packet, the rest is where it was. Thread-safe.
class Replay {
 public:
  static constexpr std::size_t in_flight_max = 64;
  static constexpr std::size_t bytes_max = std::size_t{16} << 20;
  /// After a refusal.
  static constexpr Duration pause = std::chrono::milliseconds(500);

  /// `log` outlives it, `target` all calls of `ended`.
  Replay(std::string id, ReplayRequest request, queue::DurableLog& log, ReplayTarget& target);
  /// Stops it, and waits for its thread.
  ~Replay();
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  ReplayReport report() const;
  /// Ends it soon.
  void stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  ///< also of packets under way
};

}  // namespace logdist::storage
