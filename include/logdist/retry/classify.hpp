// What an analyzer's answer means.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "logdist/base/outcome.hpp"
#include "logdist/base/time.hpp"

namespace logdist::retry {

/// Longest pause an analyzer can ask for; a longer Retry-After counts as this.
inline constexpr Duration max_pause = std::chrono::seconds(60);

/// An answer's meaning. `pause` is set for `paused` when the answer named one;
/// without it the caller takes the retry back-off.
struct Classification {
  Outcome outcome = Outcome::http_error;
  std::optional<Duration> pause;
};

/// Classifies a whole answer by status and Retry-After header (empty: none;
/// whole seconds, or an HTTP date, read against `unix_seconds`). Pure.
Classification classify(unsigned status, std::string_view retry_after, std::int64_t unix_seconds);

/// Whether `outcome` counts as a failure of the analyzer.
bool is_analyzer_failure(Outcome outcome);

}  // namespace logdist::retry
