#include "logdist/codec/json/json_scan.hpp"

#include <cstring>
#include <new>

namespace logdist::codec {
namespace {

/// Digits of an exponent that is certainly no larger than the strict parser takes.
constexpr std::size_t exponent_digits_max = 9;

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

/// The four hexadecimal digits behind `\u`; more than 16 bits when they are none.
std::uint32_t code_unit(std::string_view digits) {
  constexpr std::uint32_t none = 0x10000;
  if (digits.size() != 4) return none;
  std::uint32_t unit = 0;
  for (const char digit : digits) {
    const char lower = static_cast<char>(digit | 0x20);
    if (is_digit(digit)) {
      unit = unit * 16 + static_cast<std::uint32_t>(digit - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      unit = unit * 16 + static_cast<std::uint32_t>(lower - 'a') + 10;
    } else {
      return none;
    }
  }
  return unit;
}

/// Bytes of the escape that `text` begins with; 0 when it is none.
std::size_t escape_size(std::string_view text) {
  constexpr std::size_t unit_size = 6;
  constexpr std::string_view plain = "\"\\/bfnrt";
  if (text.size() < 2) return 0;
  if (text[1] != 'u') return plain.find(text[1]) != plain.npos ? 2 : 0;
  const std::uint32_t unit = code_unit(text.substr(2, 4));
  if (unit < 0xd800 || (unit > 0xdfff && unit <= 0xffff)) return unit_size;
  // One half of a pair, which the other must follow.
  if (unit > 0xdbff || text.substr(unit_size, 2) != "\\u") return 0;
  const std::uint32_t other = code_unit(text.substr(unit_size + 2, 4));
  return other >= 0xdc00 && other <= 0xdfff ? 2 * unit_size : 0;
}

const char* find_escape(const char* first, const char* last) {
  const void* const found = std::memchr(first, '\\', static_cast<std::size_t>(last - first));
  return found == nullptr ? last : static_cast<const char*>(found);
}

}  // namespace

void JsonScan::renew() {
  parser_ = simdjson::dom::parser();
  if (parser_.allocate(0, levels_max) != simdjson::SUCCESS) throw std::bad_alloc();
}

bool JsonScan::begin(std::string_view text) {
  if (text.empty()) return false;
  if (parser_.capacity() < text.size() && parser_.allocate(text.size(), levels_max) != simdjson::SUCCESS) return false;
  auto& stage = *parser_.implementation;
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  if (stage.stage1(bytes, text.size(), simdjson::stage1_mode::regular) != simdjson::SUCCESS) return false;
  text_ = text.data();
  text_end_ = text_ + text.size();
  next_ = stage.structural_indexes.get();
  end_ = next_ + stage.n_structural_indexes;
  depth_ = 0;
  escape_ = find_escape(text_, text_end_);
  return true;
}

/// A backslash outside of a string is no token, which the walk finds.
bool JsonScan::passes_escapes(const char* end) {
  while (escape_ < end) {
    const std::size_t size = escape_size(std::string_view(escape_, static_cast<std::size_t>(text_end_ - escape_)));
    if (size == 0) return false;
    escape_ = find_escape(escape_ + size, text_end_);
  }
  return true;
}

bool JsonScan::skip_other() {
  static_assert(levels_max <= 64);
  std::uint64_t arrays = 0;  // a bit for each container that is open here, of the innermost the lowest
  std::size_t open = 0;
  Place place = next_;
  for (;;) {
    if (place >= end_) return false;
    const char first = byte(place);
    const bool is_array = first == '[';
    if (is_array || first == '{') {
      if (depth_ + ++open > levels_max) return false;
      arrays = arrays << 1 | (is_array ? 1 : 0);
      ++place;
      const bool is_empty = byte(place) == (is_array ? ']' : '}');
      if (!is_empty && is_array) continue;
      if (!is_empty && !passes_key(place)) return false;
      if (!is_empty) continue;
    } else if (first == '"' || is_scalar(place)) {
      ++place;
    } else {
      return false;
    }
    for (; open > 0 && byte(place) != ','; --open, arrays >>= 1, ++place) {
      if (place >= end_ || byte(place) != ((arrays & 1) != 0 ? ']' : '}')) return false;
    }
    if (open == 0) break;
    ++place;  // the comma
    if ((arrays & 1) == 0 && !passes_key(place)) return false;
  }
  next_ = place;
  return true;
}

bool JsonScan::read_plain_string(std::string_view& content) {
  if (at_end() || byte(next_) != '"') return false;
  const char* const first = byte_at(next_++) + 1;
  // Only blanks stand between the closing quote and the next token.
  const char* last = byte_at(next_) - 1;
  while (*last != '"') --last;
  content = std::string_view(first, static_cast<std::size_t>(last - first));
  return escape_ > last || (passes_escapes(first) && escape_ > last);
}

bool JsonScan::read_plain_key(std::string_view& key) {
  if (!read_plain_string(key) || at_end() || byte(next_) != ':') return false;
  ++next_;
  return true;
}

bool JsonScan::enter() {
  if (at_end()) return false;
  ++next_;
  return ++depth_ <= levels_max;
}

bool JsonScan::passes_comma() {
  if (at_end() || byte(next_) != ',') return false;
  ++next_;
  return true;
}

bool JsonScan::leave(char bracket) {
  if (at_end() || byte(next_) != bracket) return false;
  ++next_;
  --depth_;
  return true;
}

bool JsonScan::is_scalar(Place place) const {
  const char* const at = byte_at(place);
  switch (*at) {
    case 't': return is_literal(at, "true");
    case 'f': return is_literal(at, "false");
    case 'n': return is_literal(at, "null");
    default: return is_number(at);
  }
}

bool JsonScan::is_literal(const char* at, std::string_view literal) const {
  return std::string_view(at, literal.size()) == literal && ends_token(at + literal.size());
}

bool JsonScan::is_number(const char* at) const {
  const auto is = [&at, this](char one, char other) { return at != text_end_ && (*at == one || *at == other); };
  const auto skip_digits = [&at, this] {
    const char* const first = at;
    while (at != text_end_ && is_digit(*at)) ++at;
    return static_cast<std::size_t>(at - first);
  };
  if (is('-', '-')) ++at;
  const bool zero = is('0', '0');
  const std::size_t digits = skip_digits();
  if (digits == 0 || (zero && digits > 1)) return false;
  if (is('.', '.')) {
    ++at;
    if (skip_digits() == 0) return false;
  }
  if (is('e', 'E')) {
    ++at;
    if (is('+', '-')) ++at;
    const std::size_t exponent_digits = skip_digits();
    if (exponent_digits == 0 || exponent_digits > exponent_digits_max) return false;
  }
  return ends_token(at);
}

/// Whether the token before `at` is over. What is behind the text are old bytes.
bool JsonScan::ends_token(const char* at) const {
  if (at >= text_end_) return at == text_end_;
  switch (*at) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
    case ',':
    case ':':
    case ']':
    case '}': return true;
    default: return false;
  }
}

}  // namespace logdist::codec
