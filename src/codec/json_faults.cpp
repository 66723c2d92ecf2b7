#include "codec/json_faults.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace logdist::codec {
namespace {

namespace json = boost::json;

bool is_bad_escape(const json::error_code& error) {
  return error == json::error::illegal_leading_surrogate || error == json::error::illegal_trailing_surrogate ||
         error == json::error::expected_hex_digit || error == json::error::expected_utf16_escape;
}

/// Whether the bytes before `offset` are the first half of a surrogate pair.
bool is_behind_half_a_pair(std::string_view text, std::size_t offset) {
  constexpr std::string_view escape = "\\ud800";
  if (offset < escape.size()) return false;
  const std::string_view before = text.substr(offset - escape.size(), escape.size());
  return before.starts_with("\\u") && (before[2] | 0x20) == 'd' &&
         std::string_view("89abAB").find(before[3]) != std::string_view::npos;
}

bool has_four_hex_digits(std::string_view text, std::size_t at) {
  return text.size() - at >= 4 &&
         std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at), text.begin() + static_cast<std::ptrdiff_t>(at) + 4,
                     [](unsigned char byte) { return std::isxdigit(byte) != 0; });
}

/// Bytes of the \u escape, or pair of them, that begins at `at`; 0 if it is malformed.
std::size_t escape_length(std::string_view text, std::size_t at) {
  const auto is_half = [&](std::size_t begin, std::string_view kinds) {
    return (text[begin + 2] | 0x20) == 'd' && kinds.find(text[begin + 3]) != kinds.npos;
  };
  if (!has_four_hex_digits(text, at + 2) || is_half(at, "cdefCDEF")) return 0;
  if (!is_half(at, "89abAB")) return 6;
  const bool is_pair =
      text.substr(at + 6).starts_with("\\u") && has_four_hex_digits(text, at + 8) && is_half(at + 6, "cdefCDEF");
  return is_pair ? 12 : 0;
}

/// Whether the backslash at `at` is itself escaped.
bool is_escaped(std::string_view text, std::size_t at) {
  const std::size_t before = text.substr(0, at).find_last_not_of('\\');
  return (at - (before == text.npos ? 0 : before + 1)) % 2 == 1;
}

/// The malformed \u escape at which the parser gave up at `offset`; `offset` if there is none.
std::size_t first_bad_escape(std::string_view text, std::size_t offset) {
  constexpr std::size_t pair_length = 12;
  const auto is_whole_pair = [&](std::size_t at) {
    return !is_escaped(text, at) && escape_length(text, at) == pair_length;
  };
  for (std::size_t at = text.find("\\u", offset - std::min(offset, pair_length)); at < offset;
       at = text.find("\\u", at + 1)) {
    const bool is_second_half = at >= 6 && text.substr(at - 6).starts_with("\\u") && is_whole_pair(at - 6);
    if (!is_escaped(text, at) && !is_second_half && escape_length(text, at) == 0) return at;
  }
  return offset;
}

/// Where the number or escape begins that the parser gave up at `offset`, which is somewhere within it or, as it may
/// read several digits at a time, a little behind it; of any other fault, `offset` itself.
std::size_t first_byte(std::string_view text, std::size_t offset, const json::error_code& error) {
  if (is_bad_escape(error)) return first_bad_escape(text, offset);
  if (error != json::error::exponent_overflow) return offset;
  const std::size_t before = text.find_last_not_of("+-.0123456789eE", offset);
  return before == std::string_view::npos ? 0 : before + 1;
}

}  // namespace

std::string describe(const json::error_code& error, std::string_view text, std::size_t offset) {
  if (text.empty()) return "the body is empty";
  if (error == json::error::incomplete || offset >= text.size()) return "not JSON: it ends too early";
  if (error == json::error::too_deep) return fmt::format("nested deeper than {} levels", max_depth);
  if (error == json::error::exponent_overflow) return "not JSON that we can read: an exponent beyond 2^31";
  if (is_bad_escape(error) || is_behind_half_a_pair(text, offset)) {
    return "not JSON: a \\u escape that is malformed, or half of a surrogate pair";
  }
  const auto byte = static_cast<unsigned char>(text[offset]);
  if (byte >= 0x80) return fmt::format("not JSON: byte 0x{:02x}, which is not UTF-8 or outside a string", byte);
  if (byte < 0x20 || byte == 0x7f) return fmt::format("not JSON: unexpected control character 0x{:02x}", byte);
  return fmt::format("not JSON: unexpected character '{}'", text[offset]);
}

std::optional<DecodeError> find_syntax_fault(std::string_view text, std::size_t offset, const json::error_code& error,
                                             bool in_a_row) {
  if (error) offset = first_byte(text, offset, error);
  if (error) return DecodeError{DecodeErrorCode::invalid_body, describe(error, text, offset), offset};
  if (offset < text.size() && !in_a_row)
    return DecodeError{DecodeErrorCode::invalid_body, "not JSON: more after its end", offset};
  return std::nullopt;
}

std::optional<DecodeError> find_fault_of_part(std::string_view part, std::size_t stop, const json::error_code& error,
                                              bool ends, bool in_a_row) {
  if (error == json::error::incomplete || (error && ends && stop >= part.size())) {
    return DecodeError{DecodeErrorCode::invalid_body, "not JSON: it ends too early", part.size()};
  }
  // What it is within may have begun in the part before.
  if (is_bad_escape(error)) return DecodeError{DecodeErrorCode::invalid_body, describe(error, part, stop), stop};
  return find_syntax_fault(part, stop, error, in_a_row);
}

std::size_t opening_quote(std::string_view text, std::size_t closing) {
  std::size_t quote = text.rfind('"', closing - 1);
  while (quote > 0 && text[quote - 1] == '\\') quote = text.rfind('"', quote - 1);
  return quote;
}

json::parse_options strict_options() {
  json::parse_options options;
  options.max_depth = max_depth;
  return options;
}

}  // namespace logdist::codec
