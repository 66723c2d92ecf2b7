// Failures and durations in words, for the log, for events and for dead letters.
#pragma once

#include <string>

#include "logdist/base/time.hpp"
#include "logdist/core/failure.hpp"
#include "logdist/health/outlier/outlier_detector.hpp"

namespace logdist::telemetry {

/// "answered 500", "Connection refused", "no answer within 2s", "name does not
/// resolve: HOST", "broken HTTP: bad version". `limit` is what an answer may take.
std::string in_words(const core::Failure& failure, const std::string& host, Duration limit);

/// "took 91.0 % of its packets, the others 99.8 %", "takes 250.0 ms per packet, the others 12.0 ms".
std::string in_words(const health::Ejection& ejection);

/// How long, as people say it: `350ms`, `12s`, `2m30s`, `3h05m`.
std::string in_words(Duration duration);

}  // namespace logdist::telemetry
