// What an agent does after an answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "logdist/base/time.hpp"
#include "logdist/tools/agent/agent_connection.hpp"

namespace logdist::tools {

enum class Advice : std::uint8_t {
  accepted,  ///< 2xx
  rejected,  ///< sending it again would not help
  later,     ///< 429, 503: the whole agent pauses
  again,     ///< 408, other 5xx: this packet alone waits
};

struct RetryDecision {
  Advice advice = Advice::rejected;
  std::optional<Duration> pause;  ///< when the answer named one
};

/// Reads an answer; a Retry-After date is taken against `unix_seconds`. Pure.
RetryDecision decide(const Answer& answer, std::int64_t unix_seconds);

/// What an answer says is wrong: the `detail` of a problem (RFC 9457), else the
/// beginning of its text, else the status' reason; printable, in one line.
std::string explain(const Answer& answer);

}  // namespace logdist::tools
