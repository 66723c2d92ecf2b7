#include "logdist/tools/agent/line_reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace logdist::tools {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{64} << 10;

std::string errno_text(int error) { return std::generic_category().message(error); }

/// For poll(): -1 is for ever, and what is left is rounded up, or the last
/// millisecond would be spent turning.
int poll_timeout_ms(TimePoint deadline) {
  if (deadline == never) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

}  // namespace

os::FileDescriptor open_lines(const std::string& path) {
  os::FileDescriptor file(path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                      : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (file.is_open() && ::fstat(file.number(), &status) == 0 && S_ISDIR(status.st_mode)) {
    file.reset();
    errno = EISDIR;
  }
  return file;
}

LineReader::LineReader(os::FileDescriptor file, std::size_t line_bytes_max)
    : file_(std::move(file)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), line_bytes_max_(line_bytes_max) {
  if (!wake_.is_open()) throw std::system_error(errno, std::generic_category(), "eventfd");
}

std::string LineReader::line() {
  cut_ = false;
  return std::exchange(line_, {});
}

void LineReader::interrupt() {
  const std::uint64_t one = 1;
  // It cannot fail: the counter is far from full.
  [[maybe_unused]] const auto written = ::write(wake_.number(), &one, sizeof one);
}

/// Completes `line_`, unless the deadline or the end comes first; a begun line is
/// then kept for the next call.
LineReader::Taken LineReader::take(TimePoint deadline) {
  for (;;) {
    const std::string_view unread = std::string_view(chunk_).substr(position_);
    const std::size_t newline = unread.find('\n');
    append(unread.substr(0, newline));
    if (newline != std::string_view::npos) {
      position_ += newline + 1;
      return Taken::line;
    }
    position_ = chunk_.size();
    switch (fill(deadline)) {
      case Filled::bytes: break;
      case Filled::quiet: return Taken::quiet;
      case Filled::end: return line_.empty() ? Taken::end : Taken::line;
    }
  }
}

void LineReader::append(std::string_view part) {
  const std::size_t room = line_bytes_max_ - line_.size();
  cut_ = cut_ || part.size() > room;
  line_.append(part.substr(0, room));
}

LineReader::Filled LineReader::fill(TimePoint deadline) {
  std::array<pollfd, 2> watched{{{file_.number(), POLLIN, 0}, {wake_.number(), POLLIN, 0}}};
  int ready = 0;
  do ready = ::poll(watched.data(), watched.size(), poll_timeout_ms(deadline));
  while (ready < 0 && errno == EINTR);
  if (ready == 0) return Filled::quiet;
  if (ready > 0 && watched[1].revents != 0) {
    line_.clear();
    return Filled::end;
  }

  chunk_.resize(chunk_bytes);
  position_ = 0;
  ssize_t count = -1;
  do count = ::read(file_.number(), chunk_.data(), chunk_.size());
  while (count < 0 && errno == EINTR);
  if (count < 0) failure_ = fmt::format("cannot read the lines: {}", errno_text(errno));
  chunk_.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return count > 0 ? Filled::bytes : Filled::end;
}

}  // namespace logdist::tools
