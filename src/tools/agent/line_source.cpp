#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "logdist/tools/agent/packet_source.hpp"
#include "tools/agent/packet_id.hpp"

namespace logdist::tools {

boost::system::result<std::unique_ptr<LineSource>> LineSource::open(const std::string& path,
                                                                    LineSourceOptions options) {
  os::FileDescriptor file = open_lines(path);
  if (!file.is_open()) return boost::system::error_code(errno, boost::system::system_category());
  return std::make_unique<LineSource>(std::move(file), std::move(options));
}

LineSource::LineSource(os::FileDescriptor file, LineSourceOptions options)
    : options_(std::move(options)), reader_(std::move(file), options_.line_bytes_max), random_(options_.seed) {}

std::optional<OutgoingPacket> LineSource::next() {
  auto lines = nlohmann::ordered_json::array();
  std::size_t bytes = 0;
  TimePoint deadline = never;
  while (lines.size() < options_.batch && bytes < options_.packet_bytes_max) {
    if (reader_.take(deadline) != LineReader::Taken::line) break;
    if (reader_.is_cut()) ++lines_cut_;
    std::string line = reader_.line();
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

}  // namespace logdist::tools
