// The Date header's value.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace logdist {

/// Formats an IMF-fixdate (RFC 9110, 5.6.7), again only when the second changes.
/// Confined to one thread.
class HttpDate {
 public:
  /// "Sun, 06 Nov 1994 08:49:37 GMT"; valid until the next call. `unix_seconds` from
  /// the year 0 to the year 9999.
  std::string_view at(std::int64_t unix_seconds) {
    if (unix_seconds != formatted_for_) format(unix_seconds);
    return {text_.data(), text_.size()};
  }

 private:
  void format(std::int64_t unix_seconds);

  std::int64_t formatted_for_ = INT64_MIN;
  std::array<char, 29> text_{};
};

}  // namespace logdist
