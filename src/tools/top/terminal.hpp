// A terminal that is drawn on as a whole, and put back as it was.
#pragma once

#include <termios.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace logdist::tools {

/// Its size in characters.
struct TerminalSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// Takes standard output's terminal over: another screen, no cursor, no wrapping,
/// keys one by one and not shown. Whatever happens in between, its destructor puts
/// all of that back. One a process.
class Terminal {
 public:
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// 80 × 24 when the terminal does not know.
  TerminalSize size() const;

  /// Shows `lines`, one below the other, and nothing else; no flicker.
  void show(const std::string& lines) const;

 private:
  termios before_{};
  bool has_keys_ = false;  ///< standard input is a terminal, too
};

/// What show() writes: each place is cleared before it is written to, since behind a
/// line as wide as the terminal the cursor still stands on its last character. Pure.
std::string picture_of(std::string_view lines);

/// Whether standard output is a terminal, and whether it may have colours: it is
/// one, is not dumb, and NO_COLOR (https://no-color.org) is not set.
bool output_is_terminal();
bool output_takes_colour();

}  // namespace logdist::tools
