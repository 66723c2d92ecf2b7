#include "logdist/retry/classify.hpp"

#include <algorithm>
#include <charconv>

#include "retry/http_date.hpp"

namespace logdist::retry {
namespace {

constexpr std::int64_t max_pause_seconds = std::chrono::duration_cast<std::chrono::seconds>(max_pause).count();

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Retry-After (RFC 9110, 10.2.3), capped; none when there is none to understand.
std::optional<Duration> parse_retry_after(std::string_view text, std::int64_t unix_seconds) {
  text = trim(text);
  if (text.empty()) return std::nullopt;
  if (text.find_first_not_of("0123456789") == std::string_view::npos) {
    std::int64_t seconds = 0;
    const bool fits = std::from_chars(text.data(), text.data() + text.size(), seconds).ec == std::errc();
    return fits ? std::chrono::seconds(std::min(seconds, max_pause_seconds)) : max_pause;
  }
  const auto date = parse_http_date(text, unix_seconds);
  if (!date) return std::nullopt;
  return std::chrono::seconds(std::clamp(*date - unix_seconds, std::int64_t{0}, max_pause_seconds));
}

}  // namespace

Classification classify(unsigned status, std::string_view retry_after, std::int64_t unix_seconds) {
  if (status >= 200 && status <= 299) return {Outcome::delivered, std::nullopt};
  switch (status) {
    case 429: return {Outcome::paused, parse_retry_after(retry_after, unix_seconds)};
    case 503: {
      const auto pause = parse_retry_after(retry_after, unix_seconds);
      return {pause ? Outcome::paused : Outcome::http_error, pause};
    }
    // What a client, its access or the moment has done wrong: not the packet.
    case 401:
    case 403:
    case 404:
    case 405:
    case 407:
    case 408:
    case 421:
    case 425: return {Outcome::http_error, std::nullopt};
    default: return {status >= 400 && status <= 499 ? Outcome::refused : Outcome::http_error, std::nullopt};
  }
}

bool is_analyzer_failure(Outcome outcome) {
  switch (outcome) {
    case Outcome::http_error:
    case Outcome::timeout:
    case Outcome::connect_error:
    case Outcome::connection_broken:
    case Outcome::protocol_error: return true;
    case Outcome::delivered:
    case Outcome::refused:
    case Outcome::paused:
    case Outcome::unsent: return false;
  }
  return false;
}

}  // namespace logdist::retry
