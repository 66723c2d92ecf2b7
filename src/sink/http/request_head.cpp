#include "sink/http/request_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <boost/beast/core/string.hpp>

#include "logdist/config/text.hpp"

namespace logdist::sink {
namespace {

void append_header(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ").append(value).append("\r\n");
}

void append_number(std::string& text, std::size_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  text.append(digits.data(), end);
}

bool is_configured(const AnalyzerTarget& target, std::string_view name) {
  return std::any_of(target.headers.begin(), target.headers.end(),
                     [&](const auto& header) { return boost::beast::iequals(header.first, name); });
}

}  // namespace

RequestHead::RequestHead(const AnalyzerTarget& target, const PoolOptions& options) {
  common_.append("POST ").append(target.target).append(" HTTP/1.1\r\n");
  if (!is_configured(target, "Host")) append_header(common_, "Host", config::host_header(target.host, target.port));
  if (!is_configured(target, "User-Agent")) append_header(common_, "User-Agent", options.user_agent);
  for (const auto& [name, value] : target.headers) append_header(common_, name, value);
  if (!options.via.empty()) common_.append("Via: 1.1 ").append(options.via).append("\r\n");
}

void RequestHead::write(std::string& head, const core::Packet& packet) const {
  head.assign(common_);
  head.append(packet.forwarded_headers);
  append_header(head, "Idempotency-Key", packet.id);
  head.append("Packet-Messages: ");
  append_number(head, packet.messages);
  head.append("\r\nContent-Length: ");
  append_number(head, packet.body.size());
  head.append("\r\n\r\n");
}

}  // namespace logdist::sink
