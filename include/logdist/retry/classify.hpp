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

/// Classifies a whole answer: a 2xx delivers; a 4xx refuses the packet, but for
/// 401, 403, 404, 405, 407, 408, 421, 425 and 429, which do not speak of it; 429,
/// and 503 with Retry-After, pause; all else is a failure. By status and Retry-After header (empty: none;
/// whole seconds, or an HTTP date, read against `unix_seconds`). Pure.
Classification classify(unsigned status, std::string_view retry_after, std::int64_t unix_seconds);

/// Whether `outcome` is a failure: of the analyzer or of the packet.
bool is_analyzer_failure(Outcome outcome);

}  // namespace logdist::retry
