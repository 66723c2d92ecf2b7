#include "logdist/os/time_text.hpp"

#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>

#include "logdist/config/text.hpp"

namespace logdist::os {
namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;

}  // namespace

std::optional<std::int64_t> parse_time(std::string_view text, std::int64_t now_ns) {
  if (text.starts_with('-')) {
    const auto back = config::parse_duration(text.substr(1));
    if (!back) return std::nullopt;
    return now_ns - std::chrono::duration_cast<std::chrono::nanoseconds>(*back).count();
  }
  const std::string copy(text);
  std::tm time{};
  const char* rest = ::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  if (rest == nullptr) return std::nullopt;
  std::int64_t fraction = 0;
  if (*rest == '.') {
    std::int64_t unit = ns_per_second;
    for (++rest; *rest >= '0' && *rest <= '9'; ++rest) {
      unit /= 10;
      fraction += (*rest - '0') * unit;
    }
  }
  std::int64_t offset_seconds = 0;
  if (*rest == '+' || *rest == '-') {
    int hours = 0;
    int minutes = 0;
    int length = 0;
    if (std::sscanf(rest + 1, "%2d:%2d%n", &hours, &minutes, &length) != 2 || length != 5) return std::nullopt;
    offset_seconds = (hours * 60 + minutes) * (*rest == '+' ? 60 : -60);
    rest += 1 + length;
  } else if (*rest == 'Z' || *rest == 'z') {
    ++rest;
  } else {
    return std::nullopt;
  }
  if (*rest != '\0') return std::nullopt;
  return (std::int64_t{::timegm(&time)} - offset_seconds) * ns_per_second + fraction;
}

}  // namespace logdist::os
