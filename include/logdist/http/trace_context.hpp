// W3C Trace Context: which values may be passed on.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace logdist::http {

inline constexpr std::size_t traceparent_size = 55;
/// Of all `tracestate` lines together, the commas between them included.
inline constexpr std::size_t tracestate_size_max = 512;
inline constexpr std::size_t tracestate_members_max = 32;

/// 55 bytes: version, trace id, parent id and flags in lower-case hexadecimal digits
/// with `-` between them; the version is not ff, and neither id is all zeros.
bool is_traceparent(std::string_view value);

/// Whether `lines`, the values of all `tracestate` lines, are one list within the bounds above: members are
/// `key=value` or empty, and no key is there twice. Keys are those of Level 2, which takes all that Level 1 does.
bool is_tracestate(std::span<const std::string_view> lines);

}  // namespace logdist::http
