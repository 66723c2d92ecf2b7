// What an outsider saw: the history of every packet, and what it all adds up to,
// counted without a look into the product's own books.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <string_view>
#include <vector>

#include "logdist/core/attempt.hpp"
#include "logdist/core/protocol.hpp"
#include "logdist/health/health.hpp"
#include "logdist/ledger/ledger.hpp"
#include "logdist/queue/delivery.hpp"
#include "tests/sim/analyzer.hpp"

namespace logdist::sim {

/// Where a packet was last seen.
enum class Location : std::uint8_t { queued, waiting, in_flight, delivered, dead_lettered, handed_back };

/// One packet.
struct PacketHistory {
  std::uint64_t serial = 0;  ///< also its id
  LoopId loop = 0;
  std::size_t client = 0;  ///< whose it is, as in the agent's plan
  std::uint32_t messages = 0;
  std::size_t bytes = 0;
  core::Protocol format = core::Protocol::packet;
  Trait trait;
  TimePoint admitted_at{};
  TimePoint give_up_at = never;  ///< of a request that waits
  bool accepted = false;         ///< answered 202: ours to deliver; else a request waits with it
  bool given_to_disk = false;    ///< the durable queue has taken it, and will report
  bool abandoned = false;        ///< the agent has gone

  Location where = Location::waiting;
  AnalyzerId analyzer = 0;  ///< of the attempt under way, or the last
  std::uint32_t attempts_begun = 0;
  std::uint32_t refusals = 0;
  std::uint32_t ambiguous = 0;                      ///< attempts that may have delivered it
  std::uint32_t failures = 0;                       ///< that may be its own doing
  bool answered = false;                            ///< by an analyzer, whatever it was
  std::uint32_t taken = 0;                          ///< times an analyzer took it
  core::Protocol kept_as = core::Protocol::packet;  ///< the format of its dead letter

  /// Whether it has failed before, as far as its loop has seen.
  bool suspect() const { return failures > 0; }
  bool settled() const { return where >= Location::delivered; }
};

/// Whether it is the failure of the analyzer, or of the packet.
bool is_failure(const core::AttemptResult& result);

/// What became of the packets sent to one analyzer.
struct AnalyzerTally {
  std::uint32_t under_way = 0;        ///< packets; the loop may not yet have looked at the result
  std::int64_t charged_messages = 0;  ///< under way, delivered or refused there
  ledger::Amount delivered;
  std::array<std::uint64_t, outcome_count> attempts{};  ///< ended, by Outcome
};

/// Told of each event before it is entered in the trace.
class Witness {
 public:
  virtual ~Witness() = default;

  /// A client was allowed to send one packet.
  virtual void let_through(std::size_t /*client*/, TimePoint) {}
  virtual void admitted(const PacketHistory&) {}
  virtual void sent(const PacketHistory&, const core::Attempt&) {}
  /// An analyzer has the packet now; the outcome of the attempt follows.
  virtual void taken(const PacketHistory&) {}
  virtual void attempt_ended(const PacketHistory&, const core::AttemptResult&) {}
  /// A loop begins a turn, and looks at what has ended, one result after the other.
  virtual void turn_begun(LoopId) {}
  virtual void result_seen(const PacketHistory&, const core::AttemptResult&) {}
  virtual void dead_lettered(const PacketHistory&, DeadLetterReason) {}
  /// The waiting agent was answered 202: its packet is safe.
  virtual void stored(const PacketHistory&) {}
  /// The waiting agent was answered.
  virtual void answered(const PacketHistory&, queue::Settlement) {}
  virtual void abandoned(const PacketHistory&) {}
  virtual void probe_begun(AnalyzerId, health::Epoch) {}
  virtual void probe_ended(AnalyzerId, health::Epoch, health::ProbeResult) {}
};

/// The history of every packet as an outsider sees it, and the counts that follow from it.
class EventTrace {
 public:
  explicit EventTrace(std::size_t loops) : ended_(loops), seen_(loops) {}

  void add_witness(Witness& witness) { witnesses_.push_back(&witness); }

  void let_through(std::size_t client, TimePoint now) {
    for (Witness* const witness : witnesses_) witness->let_through(client, now);
  }
  /// `draft` has all that is known before its first attempt.
  PacketHistory& admit(const PacketHistory& draft);
  void send(const core::Attempt& attempt);
  void take(PacketHistory& history);
  void end_attempt(PacketHistory& history, const core::AttemptResult& result);
  /// A turn of `loop` begins, and sees what has ended; it is over.
  void begin_turn(LoopId loop);
  void end_turn(LoopId loop);
  void dead_letter(std::string_view id, DeadLetterReason reason, core::Protocol format = core::Protocol::packet);
  void answer(std::uint64_t serial, queue::Settlement settlement);
  void abandon(PacketHistory& history);
  /// A request that waited is answered 202.
  void store(std::uint64_t serial);
  /// It was read from the disk, and is the loop's now.
  void restore(std::uint64_t serial, LoopId loop) { histories_.at(serial).loop = loop; }
  /// The daemon is no more, and all it had in memory.
  void cut();
  void begin_probe(AnalyzerId analyzer, health::Epoch epoch);
  void end_probe(AnalyzerId analyzer, health::Epoch epoch, health::ProbeResult result);

  PacketHistory& history(std::string_view id);
  const std::deque<PacketHistory>& histories() const { return histories_; }
  /// Serials of the requests that have not been answered or abandoned yet.
  const std::set<std::uint64_t>& open_requests() const { return open_requests_; }

  const ledger::Terms& terms() const { return terms_; }
  const AnalyzerTally& of(AnalyzerId analyzer) const;
  const std::array<std::uint64_t, dead_letter_reason_count>& dead_letters() const { return dead_letters_; }
  std::uint64_t requests() const { return requests_; }  ///< not accepted, but waited with
  /// Accepted and not yet settled.
  std::size_t held_packets() const { return held_packets_; }
  std::size_t held_bytes() const { return held_bytes_; }
  /// Not settled and never attempted, of these formats.
  std::size_t untried(core::ProtocolSet formats) const;
  /// All that ever came.
  const std::array<ledger::ReceivedCounts, core::protocol_count>& received() const { return received_; }
  std::uint32_t largest_sent() const { return largest_sent_; }  ///< messages

 private:
  struct Ended {
    PacketHistory* history;
    core::AttemptResult result;
  };

  ledger::Amount& term_of(const PacketHistory& history);
  void move(PacketHistory& history, Location to);
  AnalyzerTally& tally(AnalyzerId analyzer);
  std::size_t& untried_like(const PacketHistory& history) { return untried_[static_cast<std::size_t>(history.format)]; }

  std::vector<Witness*> witnesses_;
  std::deque<PacketHistory> histories_;
  std::set<std::uint64_t> open_requests_;
  std::vector<std::vector<Ended>> ended_;  ///< by loop: results that no turn has seen
  std::vector<std::vector<Ended>> seen_;   ///< and those that the present turn sees
  ledger::Terms terms_;
  std::vector<AnalyzerTally> tallies_;
  std::array<std::uint64_t, dead_letter_reason_count> dead_letters_{};
  std::uint64_t requests_ = 0;
  std::size_t held_packets_ = 0;
  std::size_t held_bytes_ = 0;
  std::array<std::size_t, core::protocol_count> untried_{};              ///< by format
  std::array<ledger::ReceivedCounts, core::protocol_count> received_{};  ///< likewise
  std::uint32_t largest_sent_ = 0;
};

}  // namespace logdist::sim
