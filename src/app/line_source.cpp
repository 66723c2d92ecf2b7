#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>

#include "app/outgoing.hpp"
#include "logdist/app/packet_source.hpp"

namespace logdist::app {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{64} << 10;

std::string reason(int error) { return std::generic_category().message(error); }

/// For poll(): -1 is for ever, and what is left is rounded up, or the last
/// millisecond would be spent turning.
int poll_timeout_ms(TimePoint deadline) {
  if (deadline == never) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

}  // namespace

boost::system::result<std::unique_ptr<LineSource>> LineSource::open(const std::string& path,
                                                                    LineSourceOptions options) {
  const int number =
      path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (number < 0) return boost::system::error_code(errno, boost::system::system_category());
  FileDescriptor file(number);
  struct stat status {};
  if (::fstat(number, &status) == 0 && S_ISDIR(status.st_mode))
    return make_error_code(boost::system::errc::is_a_directory);
  return std::make_unique<LineSource>(std::move(file), std::move(options));
}

LineSource::LineSource(FileDescriptor file, LineSourceOptions options)
    : options_(std::move(options)),
      file_(std::move(file)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      random_(options_.seed) {
  if (!wake_.is_open()) throw std::system_error(errno, std::generic_category(), "eventfd");
}

std::optional<OutgoingPacket> LineSource::next() {
  auto lines = nlohmann::ordered_json::array();
  std::size_t bytes = 0;
  TimePoint deadline = never;
  while (lines.size() < options_.batch && bytes < options_.packet_bytes_max) {
    if (take_line(deadline) != Taken::line) break;
    std::string line = std::exchange(line_, {});
    if (std::exchange(cut_, false)) ++lines_cut_;
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    if (lines.empty()) deadline = Clock::now() + options_.linger;
    bytes += line.size();
    lines.push_back(std::move(line));
  }
  if (lines.empty()) return std::nullopt;

  OutgoingPacket packet{make_packet_id(random_), json_content_type, {}, static_cast<std::uint32_t>(lines.size())};
  const nlohmann::ordered_json body{
      {"packet_id", packet.id}, {"agent_id", options_.agent_id}, {"messages", std::move(lines)}};
  packet.body = body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return packet;
}

void LineSource::interrupt() {
  const std::uint64_t one = 1;
  // It cannot fail: the counter is far from full.
  [[maybe_unused]] const auto written = ::write(wake_.number(), &one, sizeof one);
}

/// Completes `line_`, unless the deadline or the end comes first; a begun line is
/// then kept for the next call.
LineSource::Taken LineSource::take_line(TimePoint deadline) {
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

void LineSource::append(std::string_view part) {
  const std::size_t room = options_.line_bytes_max - line_.size();
  cut_ = cut_ || part.size() > room;
  line_.append(part.substr(0, room));
}

LineSource::Filled LineSource::fill(TimePoint deadline) {
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
  if (count < 0) failure_ = fmt::format("cannot read the lines: {}", reason(errno));
  chunk_.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return count > 0 ? Filled::bytes : Filled::end;
}

}  // namespace logdist::app
