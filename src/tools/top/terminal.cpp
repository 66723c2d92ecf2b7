#include "tools/top/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace logdist::tools {
namespace {

constexpr std::string_view enter = "\x1b[?1049h\x1b[?25l\x1b[?7l";
constexpr std::string_view leave = "\x1b[?7h\x1b[?25h\x1b[?1049l";
constexpr std::string_view home = "\x1b[H";
constexpr std::string_view clear_line = "\x1b[K";
constexpr std::string_view clear_all_below = "\x1b[J";

/// As far as the terminal takes it; who has gone needs no picture.
void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

Terminal::Terminal() : has_keys_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
  if (has_keys_) {
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);  // Ctrl-C stays a signal
    raw.c_cc[VSUSP] = _POSIX_VDISABLE;                     // a shell would find the screen as it is now
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  write_all(enter);
}

Terminal::~Terminal() {
  write_all(leave);
  if (has_keys_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

TerminalSize Terminal::size() const {
  winsize window{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 || window.ws_row == 0) return {};
  return {window.ws_col, window.ws_row};
}

void Terminal::show(const std::string& lines) const { write_all(picture_of(lines)); }

std::string picture_of(std::string_view lines) {
  std::string picture(home);
  std::size_t end = lines.find('\n');
  while (end != std::string_view::npos) {
    picture.append(clear_line).append(lines.substr(0, end)).append("\r\n");
    lines.remove_prefix(end + 1);
    end = lines.find('\n');
  }
  // Without an end, behind which the screen would scroll.
  return picture.append(clear_all_below).append(lines);
}

bool output_is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

bool output_takes_colour() {
  const char* const no_colour = std::getenv("NO_COLOR");
  const char* const kind = std::getenv("TERM");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  return output_is_terminal() && kind != nullptr && std::string_view(kind) != "dumb";
}

}  // namespace logdist::tools
