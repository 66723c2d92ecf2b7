// Figures in words, as short as a terminal wants them.
#pragma once

#include <cstdint>
#include <string>

namespace logdist::tools {

/// 1,234,567
std::string grouped(std::int64_t count);

/// Of something a second: 0.4, 12.5, 1,234. Below 0, which is unknown: "-".
std::string rate_text(double rate);

/// 850us, 2.5ms, 1.2s; "-" below 0.
std::string latency_text(double seconds);

/// 33.3%
std::string percent_text(double share);

/// +12.5, -3.0, 0.0
std::string balance_text(double messages);

/// 12 B, 3.4 KiB, 256 MiB
std::string bytes_text(std::uint64_t bytes);

/// 42 s, 3 min 5 s, 2 h 10 min, 3 d 4 h
std::string uptime_text(double seconds);

}  // namespace logdist::tools
