#include "telemetry/log_rate_limiter.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace logdist::log {
namespace {

/// Analyzers come and go: beyond so many kinds the quiet ones are forgotten.
constexpr std::size_t kinds_kept = 256;

Line summary(std::uint64_t left_out, Line last) {
  constexpr auto seconds = std::chrono::duration_cast<std::chrono::seconds>(LogRateLimiter::interval).count();
  last.message = fmt::format("{} more like this in {} s, last: {}", left_out, seconds, last.message);
  last.fields["more"] = left_out;
  return last;
}

}  // namespace

bool LogRateLimiter::admit(const Line& line, TimePoint now) {
  if (kinds_.size() > kinds_kept) forget_quiet(now);
  Kind& kind = kinds_[line.kind()];
  // What was left out is told first: take_due() ends that interval.
  if (now >= kind.ends_at && kind.left_out == 0) kind = {now + interval, 0, 0, {}};
  if (kind.left_out == 0 && kind.written < lines_max) {
    ++kind.written;
    return true;
  }
  ++kind.left_out;
  kind.last = line;
  return false;
}

std::vector<Line> LogRateLimiter::take_due(TimePoint now) {
  std::vector<Line> due;
  for (auto& [name, kind] : kinds_) {
    if (kind.left_out == 0 || now < kind.ends_at) continue;
    due.push_back(summary(kind.left_out, std::move(kind.last)));
    // Who still repeats has said enough: one line an interval from now on.
    kind = {now == never ? now : now + interval, lines_max, 0, {}};
  }
  return due;
}

TimePoint LogRateLimiter::next_due() const {
  TimePoint next = never;
  for (const auto& [name, kind] : kinds_) {
    if (kind.left_out > 0) next = std::min(next, kind.ends_at);
  }
  return next;
}

void LogRateLimiter::forget_quiet(TimePoint now) {
  std::erase_if(kinds_, [now](const auto& entry) { return entry.second.left_out == 0 && now >= entry.second.ends_at; });
}

}  // namespace logdist::log
