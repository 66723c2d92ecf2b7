#include "tools/top/top_format.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

namespace logdist::tools {

std::string grouped(std::int64_t count) {
  std::string text = std::to_string(count);
  const std::size_t first = count < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3;) text.insert(at -= 3, ",");
  return text;
}

std::string rate_text(double rate) {
  if (rate < 0) return "-";
  if (rate >= 99.95) return grouped(std::llround(rate));
  return rate == 0 ? "0" : fmt::format("{:.1f}", rate);
}

std::string latency_text(double seconds) {
  if (seconds < 0) return "-";
  for (const auto& [unit, length] : {std::pair("us", 1e-6), std::pair("ms", 1e-3), std::pair("s", 1.0)}) {
    const double value = seconds / length;
    if (value < 9.95) return fmt::format("{:.1f}{}", value, unit);
    if (value < 999.5) return fmt::format("{:.0f}{}", value, unit);
  }
  return fmt::format("{:.0f}s", seconds);
}

std::string percent_text(double share) { return fmt::format("{:.1f}%", 100 * share); }

std::string balance_text(double messages) {
  return std::abs(messages) < 0.05 ? "0.0" : fmt::format("{:+.1f}", messages);
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); ++unit) value /= 1024;
  const bool whole = unit == 0 || value >= 9.95;
  return whole ? fmt::format("{:.0f} {}", value, units[unit]) : fmt::format("{:.1f} {}", value, units[unit]);
}

std::string uptime_text(double seconds) {
  constexpr std::array<std::pair<std::int64_t, const char*>, 4> units{
      {{86'400, "d"}, {3'600, "h"}, {60, "min"}, {1, "s"}}};
  const auto whole = static_cast<std::int64_t>(std::fmax(0, seconds));
  for (std::size_t i = 0; i + 1 < units.size(); ++i) {
    const auto [length, unit] = units[i];
    if (whole < length) continue;
    const auto [next_length, next_unit] = units[i + 1];
    const std::int64_t rest = whole % length / next_length;
    const std::string head = fmt::format("{} {}", whole / length, unit);
    return rest == 0 ? head : fmt::format("{} {} {}", head, rest, next_unit);
  }
  return fmt::format("{} s", whole);
}

}  // namespace logdist::tools
