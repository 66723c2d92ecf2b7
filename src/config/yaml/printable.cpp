#include "logdist/config/yaml/printable.hpp"

#include <fmt/format.h>

#include <boost/locale/utf.hpp>
#include <cstdint>
#include <iterator>

namespace logdist::config {
namespace {

constexpr std::size_t shown_length_max = 80;  // of a value in a message

/// Whether a byte of UTF-8 goes on with a character.
bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U; }

/// Whether a character stays what and where it is on a terminal: no control, no
/// line of its own (U+2028, U+2029), no direction (UAX 9, explicit formatting).
bool is_plain(boost::locale::utf::code_point character) {
  const auto within = [character](std::uint32_t first, std::uint32_t last) {
    return character >= first && character <= last;
  };
  return character >= 0x20 && !within(0x7f, 0x9f) && character != 0x061c && !within(0x200e, 0x200f) &&
         !within(0x2028, 0x202e) && !within(0x2066, 0x2069);
}

}  // namespace

std::string escape(std::string_view text) {
  using Utf8 = boost::locale::utf::utf_traits<char>;
  std::string shown;
  for (const char *at = text.data(), *end = at + text.size(); at != end;) {
    const char* const begin = at;
    const boost::locale::utf::code_point character = Utf8::decode(at, end);
    if (!boost::locale::utf::is_valid_codepoint(character)) {
      at = begin + 1;  // whatever decode() has passed over may begin again
      fmt::format_to(std::back_inserter(shown), "\\x{:02x}", static_cast<unsigned char>(*begin));
    } else if (is_plain(character)) {
      shown.append(begin, at);
    } else if (character < 0x80) {
      fmt::format_to(std::back_inserter(shown), "\\x{:02x}", character);
    } else {
      fmt::format_to(std::back_inserter(shown), "\\u{:04x}", character);
    }
  }
  return shown;
}

std::string printable(std::string_view text) {
  if (text.size() <= shown_length_max) return escape(text);
  std::size_t cut = shown_length_max;
  while (cut > 0 && is_continuation(text[cut])) --cut;
  return escape(text.substr(0, cut)) + "...";
}

std::string quote(std::string_view text) { return fmt::format("\"{}\"", printable(text)); }

}  // namespace logdist::config
