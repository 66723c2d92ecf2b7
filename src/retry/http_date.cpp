#include "retry/http_date.hpp"

#include <chrono>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>
#include <string>

namespace logdist::retry {
namespace {

using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

/// `text` exactly as `format` has it. std::get_time alone takes too much, such as
/// a text that ends early; so what was read must also write itself back.
std::optional<std::tm> parse_whole(const std::string& text, const char* format) {
  std::tm parts{};
  std::istringstream reader(text);
  reader.imbue(std::locale::classic());
  if (!(reader >> std::get_time(&parts, format))) return std::nullopt;
  std::ostringstream writer;
  writer.imbue(std::locale::classic());
  writer << std::put_time(&parts, format);
  return writer.str() == text ? std::optional(parts) : std::nullopt;
}

std::optional<std::int64_t> to_unix_seconds(const std::tm& parts, int full_year) {
  const year_month_day date{year(full_year), std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                            std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  if (full_year < 1000 || !date.ok()) return std::nullopt;  // HTTP writes four digits
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
  const std::string date(text);
  for (const char* format : {"%a, %d %b %Y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    if (const auto parts = parse_whole(date, format)) return to_unix_seconds(*parts, parts->tm_year + 1900);
  }
  if (const auto parts = parse_whole(date, "%A, %d-%b-%y %H:%M:%S GMT")) {
    return to_unix_seconds(*parts, century_of((parts->tm_year + 1900) % 100, unix_seconds));
  }
  return std::nullopt;
}

}  // namespace logdist::retry
