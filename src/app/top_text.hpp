// Lines of a terminal: text in tones, cut and wrapped to a width.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logdist::app {

/// What a piece of text is to look like; nothing is told by it alone.
enum class Tone : std::uint8_t { plain, faint, strong, good, warning, bad };

struct Span {
  std::string text{};
  Tone tone = Tone::plain;
};

using Line = std::vector<Span>;

/// Columns that `text` takes: its code points.
std::size_t columns_of(std::string_view text);

/// At most `columns` of it.
std::string clip(std::string_view text, std::size_t columns);

/// At most `columns` of it.
Line clip(const Line& line, std::size_t columns);

/// Items one behind the other with a gap between, on as many lines as they need;
/// lines but the first begin two columns further in.
std::vector<Line> wrap(const std::vector<Span>& items, std::size_t columns);

/// The line with its tones as ANSI sequences, or, without colour, as it reads.
std::string paint(const Line& line, bool colour);

}  // namespace logdist::app
