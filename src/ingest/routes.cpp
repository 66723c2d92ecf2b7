#include "ingest/routes.hpp"

#include <optional>

#include "logdist/http/media_type.hpp"
#include "logdist/http/text.hpp"

namespace logdist::ingest {
namespace {

constexpr std::string_view packet_path = "/v1/packets";

bool is_health_path(std::string_view path) { return path == "/healthz" || path == "/health"; }

std::optional<packet::Format> format_of(std::string_view content_type) {
  if (content_type.size() > max_content_type_size || !http::is_utf_8(content_type)) return std::nullopt;
  const std::string_view type = http::media_type(content_type);
  if (http::iequals(type, "application/json")) return packet::Format::json;
  if (http::iequals(type, "application/x-ndjson")) return packet::Format::ndjson;
  return std::nullopt;
}

Judgement judge_health(const http::RequestHead& head) {
  if (head.method == http::Method::get || head.method == http::Method::head) return Admissible{Purpose::health};
  return Refusal{RejectReason::method_not_allowed, 405, "health is asked for with GET or HEAD", false, "GET, HEAD"};
}

Judgement judge_packet(const http::RequestHead& head, const Policy& policy) {
  if (head.method != http::Method::post) {
    return Refusal{RejectReason::method_not_allowed, 405, "packets are sent with POST"};
  }
  if (policy.draining) return draining_refusal();
  if (head.looped) {
    return Refusal{RejectReason::loop, 508, "the packet has come from this daemon: one of its analyzers leads here"};
  }
  if (head.expects_other) {
    return Refusal{RejectReason::malformed_http, 417, "the only expectation known is 100-continue"};
  }
  if (!head.chunked && !head.content_length) {
    return Refusal{RejectReason::length_required, 411, "a packet needs Content-Length or chunked Transfer-Encoding",
                   true};
  }
  const auto format = head.content_type ? format_of(*head.content_type) : std::nullopt;
  if (!format) {
    return Refusal{RejectReason::unsupported_media_type, 415,
                   "Content-Type must be application/json or application/x-ndjson, in UTF-8, at most 256 bytes"};
  }
  if (head.encoded) {
    return Refusal{RejectReason::unsupported_media_type, 415, "no Content-Encoding but identity is supported"};
  }
  if (head.content_length && *head.content_length > policy.max_body) {
    return Refusal{RejectReason::body_too_large, 413, "the body is larger than server.max_body allows", true};
  }
  return Admissible{Purpose::packet, *format};
}

}  // namespace

Refusal draining_refusal() {
  return {RejectReason::draining, 503, "shutting down: send the packet again, elsewhere or later", true};
}

Refusal refusal_of(const http::Error& error) {
  const bool large_head = error.status == 414 || error.status == 431;
  if (error.status == 413)
    return {RejectReason::body_too_large, 413, "the body is larger than server.max_body allows", true};
  return {large_head ? RejectReason::header_too_large : RejectReason::malformed_http, error.status, error.detail, true};
}

Judgement judge(const http::RequestHead& head, const Policy& policy) {
  if (head.path == packet_path) return judge_packet(head, policy);
  if (is_health_path(head.path)) return judge_health(head);
  if (head.path == "*") return Admissible{Purpose::options};
  if (head.method == http::Method::connect) {
    return Refusal{RejectReason::method_not_allowed, 405, "this is no proxy: packets are sent with POST", true};
  }
  return Refusal{RejectReason::not_found, 404, "there are only /v1/packets and /healthz here"};
}

}  // namespace logdist::ingest
