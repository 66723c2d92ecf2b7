// What the keys of `top` mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/top/top_table.hpp"
#include "tools/top/top_text.hpp"

namespace logdist::tools {

enum class TopKey : std::uint8_t { none, quit, up, down, page_up, page_down, home, order, help };

/// Puts bytes together to keys: arrows and page keys come as sequences. Pure.
class TopKeyReader {
 public:
  /// The key that `byte` completes, or none.
  TopKey take(char byte);

 private:
  std::string sequence_;  ///< from ESC on; empty outside of one
};

/// What the keys have chosen.
struct TopChoice {
  TopOrder order = TopOrder::trouble;
  std::size_t first = 0;    ///< analyzers scrolled past
  bool is_helping = false;  ///< the keys are explained, until another is pressed

  /// `analyzers` are there, of which a page shows `page`.
  void take(TopKey key, std::size_t analyzers, std::size_t page);
};

/// What each key does, instead of the rest of the screen.
std::vector<Line> top_help();

/// The line that tells of the keys, and in which order the analyzers are.
Line top_key_line(const TopChoice& choice);

}  // namespace logdist::tools
