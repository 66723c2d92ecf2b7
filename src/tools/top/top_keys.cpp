#include "tools/top/top_keys.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace logdist::tools {
namespace {

constexpr std::size_t sequence_bytes_max = 8;

TopKey key_of(std::string_view sequence) {
  constexpr std::pair<std::string_view, TopKey> known[] = {
      {"\x1b[A", TopKey::up},   {"\x1b[B", TopKey::down},     {"\x1bOA", TopKey::up},
      {"\x1bOB", TopKey::down}, {"\x1b[5~", TopKey::page_up}, {"\x1b[6~", TopKey::page_down},
      {"\x1b[H", TopKey::home}, {"\x1b[1~", TopKey::home},    {"\x1bOH", TopKey::home},
  };
  for (const auto& [bytes, key] : known) {
    if (bytes == sequence) return key;
  }
  return TopKey::none;
}

TopKey key_of(char byte) {
  switch (byte) {
    case 'q':
    case 'Q': return TopKey::quit;
    case 'k': return TopKey::up;
    case 'j': return TopKey::down;
    case 'b': return TopKey::page_up;
    case ' ': return TopKey::page_down;
    case 'g': return TopKey::home;
    case 's': return TopKey::order;
    case 'h':
    case '?': return TopKey::help;
    default: return TopKey::none;
  }
}

}  // namespace

TopKey TopKeyReader::take(char byte) {
  if (byte == '\x1b') {
    sequence_ = byte;
    return TopKey::none;
  }
  if (sequence_.empty()) return key_of(byte);
  sequence_ += byte;
  if (sequence_.size() == 2 && (byte == '[' || byte == 'O')) return TopKey::none;
  const bool is_last = sequence_.size() == 2 || (byte >= '@' && byte <= '~') || sequence_.size() == sequence_bytes_max;
  return is_last ? key_of(std::exchange(sequence_, {})) : TopKey::none;
}

void TopChoice::take(TopKey key, std::size_t analyzers, std::size_t page) {
  const std::size_t last = analyzers - std::min<std::size_t>(analyzers, 1);
  const std::size_t step = std::max<std::size_t>(page, 1);
  is_helping = key == TopKey::none ? is_helping : key == TopKey::help && !is_helping;
  switch (key) {
    case TopKey::none:
    case TopKey::help:
    case TopKey::quit: break;
    case TopKey::up: first -= std::min<std::size_t>(first, 1); break;
    case TopKey::down: first = std::min(first + 1, last); break;
    case TopKey::page_up: first -= std::min(first, step); break;
    case TopKey::page_down: first = std::min(first + step, last); break;
    case TopKey::home: first = 0; break;
    case TopKey::order:
      order = static_cast<TopOrder>((static_cast<std::size_t>(order) + 1) % top_order_count);
      first = 0;
      break;
  }
}

std::vector<Line> top_help() {
  constexpr std::pair<const char*, const char*> keys[] = {
      {"q", "ends"},
      {"s", "the next order of the analyzers"},
      {"up, k", "one analyzer up"},
      {"down, j", "one analyzer down"},
      {"page up, b", "half a page up"},
      {"page down, space", "half a page down"},
      {"home, g", "back to the first"},
      {"h, ?", "this help; any key leaves it"},
  };
  std::vector<Line> lines{{{"KEYS", Style::faint}}};
  for (const auto& [key, what] : keys) lines.push_back({{fmt::format("{:<18}", key), Style::strong}, {what}});
  return lines;
}

Line top_key_line(const TopChoice& choice) {
  Line line{
      {fmt::format("q quit   h help   s order: {}   j k space b g scroll", to_string(choice.order)), Style::faint}};
  if (choice.first > 0) line.push_back({fmt::format("   {} above", choice.first), Style::warning});
  return line;
}

}  // namespace logdist::tools
