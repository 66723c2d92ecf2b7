// How the reference analyzer answers, faults included.
#pragma once

#include <chrono>

#include "logdist/base/time.hpp"

namespace logdist::tools {

/// What a packet's POST meets, in this order: `reset`, `hang`, the latency,
/// `garbage`, then an answer. `reset`, `hang` and `garbage` meet GET /health too.
struct AnalyzerBehaviour {
  unsigned status = 200;               ///< of every answer to a packet, 200–599
  double fail_rate = 0;                ///< share of the 2xx answers that become 500, 0–1
  Duration latency{};                  ///< before each answer; pipelined requests wait one after the other
  std::chrono::seconds retry_after{};  ///< sent with answers that are not 2xx; 0: not sent

  bool reset = false;               ///< the connection is reset on a request
  bool hang = false;                ///< the request is taken and never answered
  bool garbage = false;             ///< the answer is not HTTP, and the connection closes
  bool close_after_answer = false;  ///< `Connection: close`, and so it does
  bool close_silently = false;      ///< closes after an answer that promised to go on
  bool http10 = false;              ///< answers as HTTP/1.0 and closes
  bool unhealthy = false;           ///< GET /health is answered 503
  bool record_ids = false;          ///< keeps each Idempotency-Key, and so counts duplicates

  friend bool operator==(const AnalyzerBehaviour&, const AnalyzerBehaviour&) = default;
};

}  // namespace logdist::tools
