#include "tools/top/top_text.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include <boost/locale/utf.hpp>

namespace logdist::tools {
namespace {

constexpr std::size_t part_gap_columns = 3;

constexpr const char* ellipsis = "…";

using Utf8 = boost::locale::utf::utf_traits<char>;
using boost::locale::utf::code_point;

/// What a terminal shows in two columns: the table of C++23, [format.string.std].
constexpr std::array<std::pair<code_point, code_point>, 14> wide_ranges{{{0x1100, 0x115f},
                                                                         {0x2329, 0x232a},
                                                                         {0x2e80, 0x303e},
                                                                         {0x3040, 0xa4cf},
                                                                         {0xac00, 0xd7a3},
                                                                         {0xf900, 0xfaff},
                                                                         {0xfe10, 0xfe19},
                                                                         {0xfe30, 0xfe6f},
                                                                         {0xff00, 0xff60},
                                                                         {0xffe0, 0xffe6},
                                                                         {0x1f300, 0x1f64f},
                                                                         {0x1f900, 0x1f9ff},
                                                                         {0x20000, 0x2fffd},
                                                                         {0x30000, 0x3fffd}}};

std::size_t character_columns(code_point character) {
  const bool joins_the_last = character >= 0x300 && character <= 0x36f;
  if (joins_the_last) return 0;
  const bool is_wide = std::any_of(wide_ranges.begin(), wide_ranges.end(), [character](const auto& range) {
    return range.first <= character && character <= range.second;
  });
  return is_wide ? 2 : 1;
}

/// Takes the first character from `text`; a byte that begins none counts as one.
code_point take_character(std::string_view& text) {
  const char* at = text.data();
  const code_point character = Utf8::decode(at, text.data() + text.size());
  const bool valid = boost::locale::utf::is_valid_codepoint(character);
  text.remove_prefix(valid ? static_cast<std::size_t>(at - text.data()) : 1);
  return character;
}

/// At most `columns` of it, with nothing to say that there was more.
std::string_view head_of(std::string_view text, std::size_t columns) {
  std::string_view rest = text;
  for (std::size_t used = 0; !rest.empty();) {
    const std::size_t before = rest.size();
    used += character_columns(take_character(rest));
    if (used > columns) return text.substr(0, text.size() - before);
  }
  return text;
}

const char* sequence_of(Style style) {
  switch (style) {
    case Style::plain: return "";
    case Style::faint: return "\x1b[2m";
    case Style::strong: return "\x1b[1m";
    case Style::good: return "\x1b[32m";
    case Style::warning: return "\x1b[33m";
    case Style::bad: return "\x1b[1;31m";
  }
  return "";
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) columns += character_columns(take_character(text));
  return columns;
}

std::size_t columns_of(const Line& line) {
  return std::accumulate(line.begin(), line.end(), std::size_t{0},
                         [](std::size_t sum, const Span& span) { return sum + columns_of(span.text); });
}

std::string clip(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  return columns == 0 ? "" : std::string(head_of(text, columns - 1)) + ellipsis;
}

Line clip(const Line& line, std::size_t columns) {
  if (columns_of(line) <= columns) return line;
  Line result;
  if (columns == 0) return result;
  std::size_t room = columns - 1;
  for (const Span& span : line) {
    const std::string_view head = head_of(span.text, room);
    result.push_back({std::string(head), span.style});
    if (head.size() < span.text.size()) break;
    room -= columns_of(head);
  }
  result.back().text += ellipsis;
  return result;
}

std::vector<Line> wrap(const std::vector<Span>& items, std::size_t columns) {
  std::vector<Line> lines(1);
  std::size_t used = 0;
  for (const Span& item : items) {
    const std::size_t wide = columns_of(item.text);
    if (used > 0 && used + part_gap_columns + wide > columns) {
      lines.push_back({{std::string(wrap_indent, ' ')}});
      used = wrap_indent;
    } else if (used > 0) {
      lines.back().push_back({std::string(part_gap_columns, ' ')});
      used += part_gap_columns;
    }
    lines.back().push_back(item);
    used += wide;
  }
  for (Line& line : lines) line = clip(line, columns);
  return lines;
}

std::string paint(const Line& line, bool colour) {
  std::string text;
  for (const Span& span : line) {
    const bool toned = colour && span.style != Style::plain && !span.text.empty();
    if (toned) text += sequence_of(span.style);
    text += span.text;
    if (toned) text += "\x1b[0m";
  }
  return text;
}

}  // namespace logdist::tools
