// Lines of a terminal: text in styles, cut and wrapped to a width.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logdist::tools {

/// What a piece of text is to look like; nothing is told by it alone.
enum class Style : std::uint8_t { plain, faint, strong, good, warning, bad };

struct Span {
  std::string text{};
  Style style = Style::plain;
};

using Line = std::vector<Span>;

/// Columns that `text`, which is UTF-8, takes: two for a wide character.
std::size_t columns_of(std::string_view text);
std::size_t columns_of(const Line& line);

/// At most `columns` of it; what is cut ends with an ellipsis.
std::string clip(std::string_view text, std::size_t columns);
Line clip(const Line& line, std::size_t columns);

/// How much further in the lines of wrap() but the first begin.
inline constexpr std::size_t wrap_indent = 2;

/// Items one behind the other with a gap between, on as many lines as they need.
std::vector<Line> wrap(const std::vector<Span>& items, std::size_t columns);

/// The line with its styles as ANSI sequences, or, without colour, as it reads.
std::string paint(const Line& line, bool colour);

}  // namespace logdist::tools
