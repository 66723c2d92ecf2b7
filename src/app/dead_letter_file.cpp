#include "logdist/app/dead_letter_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/chrono.h>
#include <nlohmann/json.hpp>

#include "logdist/log/log.hpp"

namespace logdist::app {
namespace {

/// The value of the first passthrough header, which is Content-Type.
std::string_view content_type(const packet::Packet& packet) {
  const std::string_view headers = packet.passthrough_headers;
  const std::size_t colon = headers.find(": ");
  const std::size_t end = headers.find("\r\n");
  if (colon == std::string_view::npos || end == std::string_view::npos || end < colon) return {};
  return headers.substr(colon + 2, end - colon - 2);
}

std::string line_of(const packet::Packet& packet, DeadLetterReason reason) {
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  nlohmann::ordered_json line;
  line["time"] = fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                             now.time_since_epoch().count() % 1000);
  line["packet_id"] = packet.id;
  line["reason"] = to_string(reason);
  line["messages"] = packet.messages;
  line["content_type"] = content_type(packet);
  line["body"] = packet.body.view();
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

log::Fields fields_of(const packet::Packet& packet, DeadLetterReason reason) {
  return {{"packet_id", packet.id}, {"messages", packet.messages}, {"reason", to_string(reason)}};
}

}  // namespace

boost::system::result<std::unique_ptr<DeadLetterFile>> DeadLetterFile::open(const std::string& path) {
  FileDescriptor file;
  if (!path.empty()) {
    file = open_to_append(path);
    if (!file.is_open()) return boost::system::error_code(errno, boost::system::system_category());
  }
  return std::unique_ptr<DeadLetterFile>(new DeadLetterFile(path, std::move(file)));
}

/// Logs are nobody else's business.
FileDescriptor DeadLetterFile::open_to_append(const std::string& path) {
  return FileDescriptor(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
}

void DeadLetterFile::reopen() {
  if (path_.empty()) return;
  FileDescriptor anew = open_to_append(path_);
  if (!anew.is_open()) {
    const std::string why = std::generic_category().message(errno);
    log::error(
        "dead_letter_not_reopened",
        fmt::format("delivery.dead_letter: cannot append to {}: {}; the file opened before goes on being written",
                    path_, why),
        {{"path", path_}, {"cause", why}});
    return;
  }
  const std::lock_guard lock(mutex_);
  file_ = std::move(anew);
  torn_ = false;
}

void DeadLetterFile::put(const packet::Packet& packet, DeadLetterReason reason) {
  const std::string what =
      fmt::format("dead letter: packet {} of {} messages, {}", packet.id, packet.messages, to_string(reason));
  const log::Fields fields = fields_of(packet, reason);
  if (path_.empty()) {
    return log::record(log::Level::error, "dead_letter",
                       what + ": no analyzer took it and delivery.dead_letter is not set", fields);
  }
  const std::string line = line_of(packet, reason);
  const std::lock_guard lock(mutex_);
  const int error = write(line);
  if (error == 0) return log::warn("dead_letter", what, fields);  // the file has them all
  write_failures_.fetch_add(1, std::memory_order_relaxed);
  log::record(log::Level::error, "dead_letter", what + ": no analyzer took it and it could not be written", fields);
  warn_of(error);
}

int DeadLetterFile::write(std::string_view line) {
  // What an earlier failure left of a line is ended, so that this one can be read.
  if (torn_) {
    if (::write(file_.number(), "\n", 1) != 1) return errno;
    torn_ = false;
  }
  const std::size_t size = line.size();
  while (!line.empty()) {
    const ssize_t written = ::write(file_.number(), line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      torn_ = line.size() < size;
      return errno;
    }
    line.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

void DeadLetterFile::warn_of(int error) {
  const std::string why = std::generic_category().message(error);
  log::error("dead_letter_not_written",
             fmt::format("delivery.dead_letter: cannot write to {}: {} ({} packets not kept so far)", path_, why,
                         write_failures()),
             {{"path", path_}, {"cause", why}, {"packets_not_kept", write_failures()}});
}

}  // namespace logdist::app
