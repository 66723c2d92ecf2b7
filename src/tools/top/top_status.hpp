// /v1/status as `top` reads it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

namespace logdist::tools {

// Fields are named as in the JSON; what is missing there stays as it is here.

struct TopAmount {
  std::int64_t packets = 0;
  std::int64_t messages = 0;
};

/// Counts by upper bound in seconds, the last of which is "+Inf".
using TopBuckets = std::map<std::string, std::uint64_t>;

struct TopQueue {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t max_packets = 0;
  std::uint64_t max_bytes = 0;
};

struct TopTotals {
  std::uint64_t packets_received = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t caller_runs = 0;
  std::map<std::string, std::uint64_t> packets_rejected{};  ///< by reason
  TopBuckets residence_buckets{};
};

struct TopLedger {
  TopAmount admitted{};
  TopAmount queued{};
  TopAmount waiting{};
  TopAmount in_flight{};
  TopAmount delivered{};
  TopAmount dead_lettered{};
  TopAmount handed_back{};
  TopAmount imbalance{};
};

struct TopAnalyzer {
  std::string name{};
  std::string state = "healthy";  ///< "removed": no longer configured
  bool in_service = true;
  bool paused = false;
  bool drained = false;
  bool ejected = false;
  double weight = 0;
  double target_share = 0;
  double delivered_share = 0;
  double deficit = 0;
  double debt = 0;
  std::uint64_t catch_ups = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t max_in_flight = 0;
  std::uint64_t failures = 0;
  TopAmount delivered{};
  TopBuckets latency_buckets{};
};

/// One of those that send packets.
struct TopClient {
  std::string name{};
  std::uint64_t packets = 0;
  std::uint64_t messages = 0;
  std::map<std::string, std::uint64_t> refused{};  ///< by reason
  std::uint64_t queue_packets = 0;
};

struct TopEvent {
  std::uint64_t number = 0;  ///< grows by one an event, from the daemon's start
  std::string at{};          ///< "2026-11-23T15:34:18.042Z"
  std::string kind{};
  bool warning = false;
  std::string analyzer{};
  std::string text{};
};

struct TopStatus {
  std::string version{};
  double uptime_seconds = 0;
  bool ready = false;
  std::string why_not_ready{};
  std::uint64_t connections = 0;
  TopQueue queue{};
  TopTotals totals{};
  TopLedger ledger{};
  std::vector<TopAnalyzer> analyzers{};
  std::vector<TopAnalyzer> removed_analyzers{};  ///< of which little is told
  std::vector<TopClient> clients{};              ///< the anonymous ones, and those that have sent most
  std::uint64_t clients_not_shown = 0;
  std::vector<TopEvent> events{};  ///< oldest first
};

/// Why there is no status, in one clause.
struct NoStatus {
  std::string why;
};

/// All text in it is fit for one line of a terminal.
boost::system::result<TopStatus, NoStatus> parse_top_status(std::string_view json);

/// What came into each bucket since `before`; all there is when that is empty or
/// of an earlier life of the daemon.
TopBuckets growth(const TopBuckets& now, const TopBuckets& before);

/// The `fraction` quantile in seconds, interpolated within its bucket; below 0 when
/// nothing was counted.
double quantile_seconds(const TopBuckets& buckets, double fraction);

}  // namespace logdist::tools
