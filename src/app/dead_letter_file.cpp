#include "logdist/app/dead_letter_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <string_view>

#include <fmt/chrono.h>
#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

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

}  // namespace

boost::system::result<std::unique_ptr<DeadLetterFile>> DeadLetterFile::open(const std::string& path) {
  File file;
  if (!path.empty()) {
    // Logs are nobody else's business.
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (descriptor >= 0) file.reset(::fdopen(descriptor, "a"));
    if (!file) return boost::system::error_code(errno, boost::system::system_category());
  }
  return std::unique_ptr<DeadLetterFile>(new DeadLetterFile(std::move(file)));
}

void DeadLetterFile::put(const packet::Packet& packet, DeadLetterReason reason) {
  if (!file_) {
    spdlog::error("dead letter: packet {} of {} messages, {}: no analyzer took it and delivery.dead_letter is not set",
                  packet.id, packet.messages, to_string(reason));
    return;
  }
  const std::string line = line_of(packet, reason);
  const std::lock_guard lock(mutex_);
  const bool written =
      std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size() && std::fflush(file_.get()) == 0;
  if (written) {
    spdlog::warn("dead letter: packet {} of {} messages, {}", packet.id, packet.messages, to_string(reason));
  } else {
    spdlog::error("dead letter: packet {} could not be written: {}", packet.id, std::generic_category().message(errno));
  }
}

}  // namespace logdist::app
