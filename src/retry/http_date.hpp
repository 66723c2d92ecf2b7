// Dates as HTTP writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace logdist::retry {

/// Seconds since 1970 of an HTTP-date in any of its three forms (RFC 9110,
/// 5.6.7): IMF-fixdate, RFC 850, asctime. None when it is none of them. The
/// two-digit year of RFC 850 is read as the one at most 50 years after
/// `unix_seconds`.
std::optional<std::int64_t> parse_http_date(std::string_view text, std::int64_t unix_seconds);

}  // namespace logdist::retry
