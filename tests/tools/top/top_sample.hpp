// Statuses as a daemon answers them, a second apart.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include <fmt/format.h>

#include "tools/top/top_status.hpp"

namespace logdist::tools {

/// Of two analyzers, `second` seconds after a start at 60: 1,000 packets of 50
/// messages a second, 3 to 1; each took between 2.5 and 5 ms.
inline std::string sample_status_text(int second) {
  const auto analyzer = [second](const char* name, const char* state, int packets, int weight) {
    const int total = packets * (60 + second);
    return fmt::format(
        R"({{"name": "{}", "url": "http://{}:9101", "state": "{}", "in_service": {}, "paused": false, "weight": {},
            "target_share": {}, "delivered_share": 0.5, "deficit": -2.25, "debt": 7, "catch_ups": 1, "in_flight": 5,
            "max_in_flight": 256, "delivered": {{"packets": {}, "messages": {}}}, "failures": 12,
            "latency_buckets": {{"0.0025": 0, "0.005": {}, "+Inf": 3}}}})",
        name, name, state, state == std::string("healthy"), weight, weight / 100.0, total, 50 * total, total);
  };
  const int packets = 1'000 * (60 + second);
  return fmt::format(
      R"json({{"version": "1.2.3", "uptime_seconds": {}, "ready": true, "why_not_ready": "", "connections": 64,
          "queue": {{"packets": 6, "bytes": 12345, "max_packets": 10000, "max_bytes": 268435456}},
          "totals": {{"packets_received": {}, "messages_received": {}, "caller_runs": 0,
                     "packets_rejected": {{"invalid_body": 3, "draining": 4}},
                     "residence_buckets": {{"0.005": 0, "0.01": {}, "+Inf": 0}}}},
          "ledger": {{"admitted": {{"packets": {}, "messages": 0}}, "queued": {{"packets": 4, "messages": 200}},
                     "waiting": {{"packets": 1, "messages": 50}}, "in_flight": {{"packets": 2, "messages": 100}},
                     "delivered": {{"packets": {}, "messages": {}}}, "dead_lettered": {{"packets": 0, "messages": 0}},
                     "handed_back": {{"packets": 0, "messages": 0}}, "imbalance": {{"packets": 0, "messages": 0}}}},
          "analyzers": [{}, {}],
          "events": [{{"number": 1, "at": "2026-11-23T15:34:18.042Z", "kind": "state", "warning": true,
                       "analyzer": "beta", "text": "healthy -> failed (3 failures in a row)"}},
                     {{"number": 2, "at": "2026-11-23T15:35:00.000Z", "kind": "reload", "warning": false,
                       "analyzer": "", "text": "1 analyzer changed"}}]}})json",
      60 + second, packets, 50 * packets, packets, packets + 7, packets, 50 * packets,
      analyzer("alpha", "healthy", 750, 75), analyzer("beta", "failed", 250, 25));
}

inline TopStatus sample_status(int second) {
  auto status = parse_top_status(sample_status_text(second));
  EXPECT_TRUE(status) << status.error().why;
  return *status;
}

}  // namespace logdist::tools
