// The books: every packet is counted once, where it is, and the terms balance.
//
// A packet is always in exactly one place: queued, on disk only (spilled), waiting, in flight,
// delivered, dead-lettered, handed back or lost. Each place counts its own comings and goings, so
// a packet that gets lost between two places, or that settles twice, shows as an
// imbalance. No term is computed from the others.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "logdist/base/ids.hpp"
#include "logdist/base/outcome.hpp"
#include "logdist/base/time.hpp"
#include "logdist/core/content_coding.hpp"
#include "logdist/core/protocol.hpp"
#include "logdist/ledger/histogram.hpp"

namespace logdist::ledger {

/// Packets and the messages in them. Signed, so that a mistake shows as one.
struct Amount {
  std::int64_t packets = 0;
  std::int64_t messages = 0;

  void add(std::uint32_t packet_messages) {
    packets += 1;
    messages += packet_messages;
  }
  void subtract(std::uint32_t packet_messages) {
    packets -= 1;
    messages -= packet_messages;
  }
  Amount& operator+=(const Amount& other);
  Amount& operator-=(const Amount& other);
  friend bool operator==(const Amount&, const Amount&) = default;
};

/// Where packets are. `admitted` is all that ever came in, `recovered` what an earlier process had left.
struct Terms {
  Amount admitted;
  Amount recovered;  ///< accepted by an earlier process, found in the durable queue at the start
  Amount queued;
  Amount waiting;  ///< caller-runs and `delivered` requests not under way, and packets between attempts
  Amount in_flight;
  Amount delivered;
  Amount dead_lettered;
  Amount handed_back;
  Amount spilled;  ///< in the durable queue only, not in memory
  Amount lost;     ///< accepted, and found damaged on the disk

  /// admitted and recovered minus all the other terms: 0, or a packet is lost or counted twice.
  Amount imbalance() const;
  Terms& operator+=(const Terms& other);
};

/// Counts by analyzer.
struct AnalyzerCounts {
  Amount delivered;
  std::uint64_t refused_messages = 0;                   ///< of those delivered, by what its answers say
  std::array<std::uint64_t, outcome_count> attempts{};  ///< ended, by Outcome
  Histogram duration;                                   ///< seconds of attempts that were answered

  AnalyzerCounts& operator+=(const AnalyzerCounts& other);
};

/// What came by one protocol, admitted or not.
struct ReceivedCounts {
  std::uint64_t packets = 0;   ///< whole bodies
  std::uint64_t messages = 0;  ///< in those that decoded
  std::uint64_t bytes = 0;     ///< of the bodies

  ReceivedCounts& operator+=(const ReceivedCounts& other);
};

/// What came of one client, admitted or not.
struct ClientCounts {
  ReceivedCounts received;
  std::array<std::uint64_t, client_refusal_count> refused{};  ///< requests, by ClientRefusal

  ClientCounts& operator+=(const ClientCounts& other);
};

/// What the packet port saw, admitted or not.
struct IngestCounts {
  /// The place of requests that belong to no protocol, behind the others.
  static constexpr std::size_t no_protocol = core::protocol_count;
  using Rejected = std::array<std::uint64_t, reject_reason_count>;

  std::array<ReceivedCounts, core::protocol_count> received{};                 ///< by Protocol
  std::array<std::uint64_t, core::content_coding_count> decompressed_bytes{};  ///< content of bodies, by coding
  std::uint64_t caller_runs = 0;          ///< requests that waited because the queue was full
  std::uint64_t connections_evicted = 0;  ///< idle ones, closed for a new one at server.max_connections
  std::array<Rejected, core::protocol_count + 1> rejected{};  ///< by Protocol, then by RejectReason

  /// Over all protocols.
  ReceivedCounts received_in_all() const;
  Rejected rejected_in_all() const;

  IngestCounts& operator+=(const IngestCounts& other);
};

/// A coherent copy of the books, of one loop or summed over several.
struct Snapshot {
  Terms terms;
  IngestCounts ingest;
  std::array<std::uint64_t, dead_letter_reason_count> dead_lettered{};  ///< packets
  std::vector<AnalyzerCounts> analyzers;                                ///< by AnalyzerId; grows as needed
  std::vector<ClientCounts> clients;                                    ///< by ClientId; grows as needed
  AnalyzerCounts folded;                                                ///< of analyzers whose ids are others' now
  Histogram residence;                                                  ///< seconds from admitted to delivered

  Snapshot& operator+=(const Snapshot& other);
};

/// The books of one loop. Confined to the loop's thread; readers get a copy.
class Ledger {
 public:
  /// The packet is ours to settle or hand back. It must enter a place next.
  void admitted(std::uint32_t messages);

  void queue_entered(std::uint32_t messages);
  void queue_left(std::uint32_t messages);
  void wait_entered(std::uint32_t messages);
  void wait_left(std::uint32_t messages);
  void attempt_begun(std::uint32_t messages);
  /// `duration` is counted for attempts that were answered.
  void attempt_ended(std::uint32_t messages, AnalyzerId analyzer, Outcome outcome, Duration duration);

  void delivered(std::uint32_t messages, AnalyzerId analyzer, Duration residence);
  /// Of packets that are delivered: the analyzer did not take these messages of them.
  void messages_refused(AnalyzerId analyzer, std::uint32_t messages);
  void dead_lettered(std::uint32_t messages, DeadLetterReason reason);
  void handed_back(std::uint32_t messages);

  /// Packets of an earlier process. They must enter a place next.
  void recovered(const Amount& packets);
  /// They are on the disk only from now on.
  void spill_entered(const Amount& packets);
  void spill_left(const Amount& packets);
  /// Their records are damaged.
  void lost(const Amount& packets);

  void packet_received(core::Protocol protocol, std::uint64_t body_bytes);
  void messages_received(core::Protocol protocol, std::uint32_t messages);
  /// The same once more, by who has sent it.
  void client_packet_received(ClientId client, std::uint64_t body_bytes);
  void client_messages_received(ClientId client, std::uint32_t messages);
  void client_refused(ClientId client, ClientRefusal refusal);
  /// What came of a compressed body, whole or not.
  void decompressed(core::ContentCoding coding, std::uint64_t content_bytes);
  /// The id is to be another analyzer's: what it has counted goes to Snapshot::folded. Nothing is under way there.
  void fold(AnalyzerId analyzer);
  void caller_ran();
  void connection_evicted();
  /// `protocol`: none of a request whose path is not known.
  void rejected(RejectReason reason, std::optional<core::Protocol> protocol);

  const Snapshot& snapshot() const { return books_; }

 private:
  AnalyzerCounts& of(AnalyzerId analyzer);
  ClientCounts& of_client(ClientId client);

  Snapshot books_;
};

}  // namespace logdist::ledger
