#include "ingest/validate_request.hpp"

#include <optional>

#include "logdist/codec/formats.hpp"
#include "logdist/http/media_type.hpp"

namespace logdist::ingest {
namespace {

bool is_health_path(std::string_view path) { return path == "/healthz" || path == "/health"; }

/// As the table of formats has it.
std::string_view name_of(http::Method method) { return method == http::Method::post ? "POST" : ""; }

std::optional<codec::Format> format_of(const http::RequestHead& head) {
  const std::string_view content_type = head.content_type.value_or("");
  if (content_type.size() > max_content_type_size || !http::is_utf_8(content_type)) return std::nullopt;
  return codec::find_format(name_of(head.method), head.path, http::media_type(content_type));
}

Result validate_health(const http::RequestHead& head) {
  if (head.method == http::Method::get || head.method == http::Method::head) return Admissible{Purpose::health};
  return RequestError{RejectReason::method_not_allowed, 405, "health checks use GET or HEAD", false, "GET, HEAD"};
}

Result validate_packet(const http::RequestHead& head, const Policy& policy) {
  if (!codec::takes_method(head.path, name_of(head.method))) {
    return RequestError{RejectReason::method_not_allowed, 405, "packets are sent with POST"};
  }
  if (policy.draining) return draining_error();
  if (head.looped) {
    return RequestError{RejectReason::loop, 508,
                        "the packet has come from this daemon: one of its analyzers leads here"};
  }
  if (head.expects_other) {
    return RequestError{RejectReason::malformed_http, 417, "the only expectation supported is 100-continue"};
  }
  if (!head.chunked && !head.content_length) {
    return RequestError{RejectReason::length_required, 411,
                        "a packet needs Content-Length or chunked Transfer-Encoding", true};
  }
  const auto format = format_of(head);
  if (!format) {
    return RequestError{RejectReason::unsupported_media_type, 415,
                        "Content-Type must be application/json, or of JSON lines as application/x-ndjson, in UTF-8, at "
                        "most 256 bytes"};
  }
  const auto coding = head.encoded ? core::find_coding(head.content_coding) : core::ContentCoding::identity;
  if (!coding) {
    return RequestError{RejectReason::unsupported_media_type,
                        415,
                        "Content-Encoding must be one of gzip, deflate, zstd and snappy, or identity",
                        false,
                        "POST",
                        true};
  }
  if (head.content_length && *head.content_length > policy.max_body) {
    return RequestError{RejectReason::body_too_large, 413, "the body is larger than server.max_body allows", true};
  }
  return Admissible{Purpose::packet, *format, *coding};
}

}  // namespace

RequestError draining_error() {
  return {RejectReason::draining, 503, "shutting down: send the packet again, elsewhere or later", true};
}

RequestError error_of(const http::Error& error) {
  const bool large_head = error.status == 414 || error.status == 431;
  if (error.status == 413)
    return {RejectReason::body_too_large, 413, "the body is larger than server.max_body allows", true};
  return {large_head ? RejectReason::header_too_large : RejectReason::malformed_http, error.status, error.detail, true};
}

Result validate_request(const http::RequestHead& head, const Policy& policy) {
  if (codec::takes_path(head.path)) return validate_packet(head, policy);
  if (is_health_path(head.path)) return validate_health(head);
  if (head.path == "*") return Admissible{Purpose::options};
  if (head.method == http::Method::connect) {
    return RequestError{RejectReason::method_not_allowed, 405, "this is not a proxy: packets are sent with POST", true};
  }
  return RequestError{RejectReason::not_found, 404, "the only paths here are /v1/packets and /healthz"};
}

}  // namespace logdist::ingest
