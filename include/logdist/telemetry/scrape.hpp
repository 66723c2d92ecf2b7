// All facts of the daemon at one moment, as /metrics and /v1/status show them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "logdist/balance/selector.hpp"
#include "logdist/base/ids.hpp"
#include "logdist/health/health.hpp"
#include "logdist/ledger/histogram.hpp"
#include "logdist/ledger/ledger.hpp"
#include "logdist/telemetry/count_histogram.hpp"

namespace logdist::telemetry {

/// How full something bounded is, in the unit its owner names.
struct Level {
  std::uint64_t held = 0;
  std::uint64_t capacity = 0;
};

/// One analyzer.
struct AnalyzerFacts {
  AnalyzerId id = 0;  ///< its place in `Scrape::books.analyzers`, which may be shorter
  std::string name;   ///< unique among those configured
  std::string url;
  double weight = 0;
  health::State state = health::State::healthy;
  bool in_service = true;
  bool paused = false;         ///< by its own Retry-After
  std::uint32_t slots = 0;     ///< bound on packets in flight now, ramp included
  std::uint64_t failures = 0;  ///< that counted towards health, since the start
  balance::Account account;
  bool drained = false;         ///< by an operator
  bool ejected = false;         ///< for doing worse than the others, and not back in service since
  std::uint64_t ejections = 0;  ///< since the start
  std::string zone{};
  std::string source{};  ///< of discovery; empty: it is configured
};

/// One source of discovery.
struct SourceFacts {
  std::string name;
  std::string_view type;
  bool reachable = false;           ///< its last look had an answer
  double last_success_seconds = 0;  ///< Unix time; 0: it has not answered yet
  std::uint64_t analyzers = 0;      ///< of it, in force
  std::uint64_t skipped = 0;        ///< in its last answer
  std::string fault;                ///< why it has no answer; empty: it has
};

/// What the durable queue asks of the disk.
enum class DiskOperation : std::uint8_t { allocate, write, sync, read, remove };
inline constexpr std::array<std::string_view, 5> disk_operation_names{"allocate", "write", "sync", "read", "remove"};

/// The durable queue; all zero where there is none.
struct StorageFacts {
  bool on_disk = false;     ///< queue.storage is `disk`
  std::string directory{};  ///< of it
  std::string sync{};       ///< queue.sync, as configured
  std::uint64_t bytes = 0;  ///< of its files
  std::uint64_t max_bytes = 0;
  std::uint64_t packets = 0;         ///< on the disk, not settled
  std::uint64_t packets_unread = 0;  ///< of them, not in memory
  std::uint64_t segments = 0;
  std::uint64_t recovered = 0;       ///< packets that an earlier process had left
  std::uint64_t recovered_read = 0;  ///< of them
  double recovery_seconds = 0;       ///< since its beginning, until it was over
  std::uint64_t replayed = 0;        ///< packets that were sent once more
  std::uint64_t damaged_records = 0;
  std::array<std::uint64_t, disk_operation_names.size()> errors{};
  ledger::Histogram sync_duration;
  CountHistogram sync_packets;
  bool recovering = false;
  bool taking_packets = true;
};

/// Acknowledgements of HEC; all zero where there are none.
struct AckFacts {
  std::uint64_t channels = 0;
  std::uint64_t pending = 0;              ///< ids that are false
  std::uint64_t delivered = 0;            ///< ids that have become true
  std::uint64_t forgotten_pending = 0;    ///< ids that made room while they were false
  std::uint64_t forgotten_delivered = 0;  ///< ids that made room afterwards
};

/// One of those that send packets.
struct ClientFacts {
  ClientId id = 0;               ///< its place in `Scrape::books.clients`, which may be shorter
  std::string name;              ///< as configured; `anonymous` is all that are not known
  std::uint64_t places = 0;      ///< that it holds of the queue; counted where there is a limit
  std::uint64_t places_max = 0;  ///< 0: none; of the anonymous ones that of each address
};

/// TLS of one port that speaks it.
struct TlsFacts {
  std::string port;                                                    ///< "packet", "admin"
  std::vector<std::pair<std::string_view, std::uint64_t>> handshakes;  ///< by result
  std::uint64_t resumed = 0;                                           ///< sessions
  std::int64_t expiry_seconds = 0;  ///< when its certificate expires, since the Unix epoch
};

/// A plain value, filled in by the server. `books` is the sum over the loops, each loop's
/// part coherent in itself.
struct Scrape {
  ledger::Snapshot books;
  Level queue_packets;
  Level queue_bytes;
  Level connections;                             ///< of agents
  Level buffered_bytes;                          ///< bodies being received or waiting
  std::uint64_t dead_letter_write_failures = 0;  ///< packets that delivery.dead_letter could not keep
  bool ready = true;                             ///< packets are taken
  StorageFacts storage;
  AckFacts acks;
  std::vector<ClientFacts> clients{{anonymous_client, "anonymous"}};  ///< these, and those configured
  std::vector<TlsFacts> tls;                                          ///< of the ports that speak it
  Level retries;                                                      ///< in flight; no capacity: any number
  double oldest_packet_age_seconds = 0;                               ///< of those not settled; 0: there is none
  bool last_reload_successful = true;
  double configured_at_seconds = 0;      ///< Unix time at which the configuration in force was taken
  std::uint64_t requests_resent = 0;     ///< because a kept connection had closed
  std::vector<AnalyzerFacts> analyzers;  ///< those configured
  /// Those that are not configured any more. Their counters are still shown, because the
  /// sums would be wrong otherwise; their other fields are not used.
  std::vector<AnalyzerFacts> removed;
  std::vector<SourceFacts> sources;  ///< of discovery
};

/// The ledger's counts of `analyzer`: zeros until it has counted something.
const ledger::AnalyzerCounts& counts_of(const Scrape& scrape, const AnalyzerFacts& analyzer);

/// Likewise of `client`.
const ledger::ClientCounts& counts_of(const Scrape& scrape, const ClientFacts& client);

/// Its part of all messages delivered since the start, 0…1.
double delivered_share(const Scrape& scrape, const AnalyzerFacts& analyzer);

}  // namespace logdist::telemetry
