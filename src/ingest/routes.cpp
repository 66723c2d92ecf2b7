#include "ingest/routes.hpp"

#include <optional>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>

namespace logdist::ingest {
namespace {

using boost::beast::iequals;

constexpr std::string_view packet_path = "/v1/packets";

/// The path of a request target in origin form or, as RFC 9112 (3.2.2) asks of
/// every server, in absolute form.
std::string_view path_of(std::string_view target) {
  if (!target.starts_with('/')) {
    const std::size_t scheme_end = target.find("://");
    const std::size_t path = scheme_end == target.npos ? target.npos : target.find('/', scheme_end + 3);
    if (path == target.npos) return {};
    target.remove_prefix(path);
  }
  return target.substr(0, target.find('?'));
}

/// Quoted or not, as Beast's list of parameters leaves it.
bool names_utf_8(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  return iequals(value, "utf-8") || iequals(value, "utf8");
}

bool charset_is_utf_8(std::string_view parameters) {
  for (const auto& [name, value] : boost::beast::http::param_list(parameters)) {
    if (iequals(name, "charset") && !names_utf_8(value)) return false;
  }
  return true;
}

std::optional<packet::Format> format_of(std::string_view content_type) {
  const std::size_t parameters = content_type.find(';');
  std::string_view type = content_type.substr(0, parameters);
  type = type.substr(0, type.find_last_not_of(" \t") + 1);
  if (parameters != content_type.npos && !charset_is_utf_8(content_type.substr(parameters))) return std::nullopt;
  if (iequals(type, "application/json")) return packet::Format::json;
  if (iequals(type, "application/x-ndjson")) return packet::Format::ndjson;
  return std::nullopt;
}

}  // namespace

Refusal draining_refusal() {
  return {RejectReason::draining, 503, "shutting down: send the packet again, elsewhere or later", true};
}

Judgement judge(const RequestHead& head, const Policy& policy) {
  if (path_of(head.target) != packet_path) {
    return Refusal{RejectReason::not_found, 404, "there is only /v1/packets here"};
  }
  if (!head.is_post) return Refusal{RejectReason::method_not_allowed, 405, "packets are sent with POST"};
  if (policy.draining) return draining_refusal();
  if (head.expects_else) {
    return Refusal{RejectReason::malformed_http, 417, "the only expectation known is 100-continue"};
  }
  if (!head.chunked && !head.content_length) {
    return Refusal{RejectReason::length_required, 411, "a packet needs Content-Length or chunked Transfer-Encoding",
                   true};
  }
  const auto format = head.content_type ? format_of(*head.content_type) : std::nullopt;
  if (!format) {
    return Refusal{RejectReason::unsupported_media_type, 415,
                   "Content-Type must be application/json or application/x-ndjson, in UTF-8"};
  }
  if (head.content_encoding && !iequals(*head.content_encoding, "identity")) {
    return Refusal{RejectReason::unsupported_media_type, 415, "no Content-Encoding but identity is supported"};
  }
  if (head.content_length && *head.content_length > policy.max_body) {
    return Refusal{RejectReason::body_too_large, 413, "the body is larger than server.max_body allows", true};
  }
  return *format;
}

}  // namespace logdist::ingest
