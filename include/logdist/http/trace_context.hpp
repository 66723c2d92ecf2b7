// W3C Trace Context: which values may be passed on.
#pragma once

#include <cstddef>
#include <string_view>

namespace logdist::http {

inline constexpr std::size_t traceparent_size = 55;
/// Of all `tracestate` lines together, the commas between them included.
inline constexpr std::size_t tracestate_size_max = 512;
inline constexpr std::size_t tracestate_members_max = 32;

/// 55 bytes: version, trace id, parent id and flags in lower-case hexadecimal digits
/// with `-` between them; the version is not ff, and neither id is all zeros.
bool is_traceparent(std::string_view value);

/// Members that `value`, one line, has; more than `tracestate_members_max` when one
/// of them is no `key=value`.
std::size_t tracestate_members(std::string_view value);

}  // namespace logdist::http
