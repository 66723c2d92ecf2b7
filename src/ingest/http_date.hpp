// The Date header, formatted once a second.
#pragma once

#include <array>
#include <ctime>
#include <string_view>

namespace logdist::ingest {

/// An IMF-fixdate (RFC 9110, 5.6.7) that is made anew when the second changes.
/// Confined to one thread.
class HttpDate {
 public:
  /// "Sun, 06 Nov 1994 08:49:37 GMT"; valid until the next call.
  std::string_view at(std::time_t now) {
    if (now != formatted_for_) format(now);
    return {text_.data(), text_size};
  }

 private:
  static constexpr std::size_t text_size = 29;

  void format(std::time_t now);

  std::time_t formatted_for_ = -1;
  std::array<char, text_size + 1> text_{};
};

}  // namespace logdist::ingest
