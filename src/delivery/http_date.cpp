#include "delivery/http_date.hpp"

#include <chrono>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>
#include <string>

namespace logdist::delivery {
namespace {

using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

/// `text` as `format` of std::get_time has it, to its last character.
std::optional<std::tm> parse_whole(std::string_view text, const char* format) {
  std::istringstream stream{std::string(text)};
  stream.imbue(std::locale::classic());
  std::tm parts{};
  stream >> std::get_time(&parts, format);
  if (stream.fail() || stream.peek() != std::istringstream::traits_type::eof()) return std::nullopt;
  return parts;
}

std::optional<std::int64_t> to_unix_seconds(const std::tm& parts, int full_year) {
  const year_month_day date{year(full_year), std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                            std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  if (!date.ok()) return std::nullopt;
  const std::chrono::sys_seconds time = sys_days(date) + std::chrono::hours(parts.tm_hour) +
                                        std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
  return time.time_since_epoch().count();
}

/// RFC 9110: a date that appears to be more than 50 years ahead is the last past
/// year with the same two digits.
int century_of(int two_digits, std::int64_t unix_seconds) {
  const auto today =
      std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(unix_seconds)));
  const int this_year = static_cast<int>(year_month_day(today).year());
  const int candidate = this_year - this_year % 100 + two_digits;
  return candidate > this_year + 50 ? candidate - 100 : candidate;
}

}  // namespace

std::optional<std::int64_t> parse_http_date(std::string_view text, std::int64_t unix_seconds) {
  for (const char* format : {"%a, %d %b %Y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    if (const auto parts = parse_whole(text, format)) return to_unix_seconds(*parts, parts->tm_year + 1900);
  }
  if (const auto parts = parse_whole(text, "%A, %d-%b-%y %H:%M:%S GMT")) {
    return to_unix_seconds(*parts, century_of((parts->tm_year + 1900) % 100, unix_seconds));
  }
  return std::nullopt;
}

}  // namespace logdist::delivery
