#include "app/top_text.hpp"

#include <algorithm>
#include <utility>

namespace logdist::app {
namespace {

constexpr std::size_t gap_columns = 3;
constexpr std::size_t indent_columns = 2;

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

const char* sequence_of(Tone tone) {
  switch (tone) {
    case Tone::plain: return "";
    case Tone::faint: return "\x1b[2m";
    case Tone::strong: return "\x1b[1m";
    case Tone::good: return "\x1b[32m";
    case Tone::warning: return "\x1b[33m";
    case Tone::bad: return "\x1b[1;31m";
  }
  return "";
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string clip(std::string_view text, std::size_t columns) {
  std::size_t seen = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (begins_character(text[at]) && seen++ == columns) return std::string(text.substr(0, at));
  }
  return std::string(text);
}

Line clip(const Line& line, std::size_t columns) {
  Line result;
  for (const Span& span : line) {
    if (columns == 0) break;
    result.push_back({clip(span.text, columns), span.tone});
    columns -= columns_of(result.back().text);
  }
  return result;
}

std::vector<Line> wrap(const std::vector<Span>& items, std::size_t columns) {
  std::vector<Line> lines(1);
  std::size_t used = 0;
  for (const Span& item : items) {
    const std::size_t wide = columns_of(item.text);
    if (used > 0 && used + gap_columns + wide > columns) {
      lines.push_back({{std::string(indent_columns, ' ')}});
      used = indent_columns;
    } else if (used > 0) {
      lines.back().push_back({std::string(gap_columns, ' ')});
      used += gap_columns;
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
    const bool toned = colour && span.tone != Tone::plain && !span.text.empty();
    if (toned) text += sequence_of(span.tone);
    text += span.text;
    if (toned) text += "\x1b[0m";
  }
  return text;
}

}  // namespace logdist::app
