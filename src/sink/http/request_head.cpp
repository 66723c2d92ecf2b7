#include "sink/http/request_head.hpp"

#include <algorithm>

#include <boost/beast/core/string.hpp>

#include "logdist/base/append.hpp"
#include "logdist/config/text.hpp"
#include "logdist/core/header_lines.hpp"

namespace logdist::sink {
namespace {

/// Of the protocol whose packets name no target.
constexpr std::string_view packets_path = "/v1/packets";

void append_header(std::string& text, std::string_view name, std::string_view value) {
  append_all(text, name, ": ", value, "\r\n");
}

/// All of `lines` but that of Content-Encoding.
void append_without_coding(std::string& text, std::string_view lines) {
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, std::min(lines.find('\n'), lines.size() - 1) + 1);
    if (!line.starts_with("Content-Encoding: ")) text.append(line);
    lines.remove_prefix(line.size());
  }
}

bool is_configured(const AnalyzerTarget& target, std::string_view name) {
  return std::any_of(target.headers.begin(), target.headers.end(),
                     [&](const auto& header) { return boost::beast::iequals(header.first, name); });
}

}  // namespace

RequestHead::RequestHead(const AnalyzerTarget& target, const PoolOptions& options) {
  if (!target.native) request_line_.append("POST ").append(target.target).append(" HTTP/1.1\r\n");
  if (!is_configured(target, "Host"))
    append_header(common_, "Host", config::host_header(target.host, target.port, target.is_https));
  if (!is_configured(target, "User-Agent")) append_header(common_, "User-Agent", options.user_agent);
  for (const auto& [name, value] : target.headers) append_header(common_, name, value);
  if (!options.via.empty()) via_.append("Via: 1.1 ").append(options.via).append("\r\n");
}

void RequestHead::write(std::string& head, const core::Packet& packet, std::optional<std::size_t> content_bytes) const {
  head.clear();
  if (request_line_.empty()) {
    const std::string_view own = core::header_value(packet.forwarded_headers, "Packet-Target").value_or(packets_path);
    append_all(head, "POST ", own, " HTTP/1.1\r\n");
  }
  append_all(head, request_line_, common_);
  if (content_bytes) {
    append_without_coding(head, packet.forwarded_headers);
  } else {
    head.append(packet.forwarded_headers);
  }
  // `via_` is behind what the agent's request has of it.
  append_all(head, via_, "Idempotency-Key: ", packet.id, "\r\nPacket-Messages: ", DecimalText(packet.messages),
             "\r\nContent-Length: ", DecimalText(content_bytes.value_or(packet.body.size())), "\r\n\r\n");
}

}  // namespace logdist::sink
