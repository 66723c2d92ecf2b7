#include "logdist/base/http_date.hpp"

#include <chrono>

#include <fmt/format.h>

namespace logdist {

namespace {

// Not the locale's.
constexpr std::array day_names = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array month_names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

void HttpDate::format(std::int64_t unix_seconds) {
  const std::chrono::sys_seconds now{std::chrono::seconds(unix_seconds)};
  const auto today = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(today);
  const std::chrono::hh_mm_ss time(now - today);
  fmt::format_to_n(text_.data(), text_.size(), "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                   day_names[std::chrono::weekday(today).c_encoding()], static_cast<unsigned>(date.day()),
                   month_names[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                   time.hours().count(), time.minutes().count(), time.seconds().count());
  formatted_for_ = unix_seconds;
}

}  // namespace logdist
