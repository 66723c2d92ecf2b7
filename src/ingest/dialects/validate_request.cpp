#include "logdist/ingest/dialects/validate_request.hpp"

#include <optional>

#include "logdist/http/media_type.hpp"

namespace logdist::ingest {
namespace {

bool is_health_path(std::string_view path) { return path == "/healthz" || path == "/health"; }

Result validate_health(const http::RequestHead& head) {
  if (head.method == http::Method::get || head.method == http::Method::head) return Admissible{Purpose::health};
  return RequestError{RejectReason::method_not_allowed, 405, "health checks use GET or HEAD", false, methods::get};
}

/// Of a request whose body is read.
std::optional<RequestError> body_error(const http::RequestHead& head) {
  if (head.expects_other) {
    return RequestError{RejectReason::malformed_http, 417, "the only expectation supported is 100-continue"};
  }
  if (!head.chunked && !head.content_length) {
    return RequestError{RejectReason::length_required, 411,
                        "a packet needs Content-Length or chunked Transfer-Encoding", true};
  }
  return std::nullopt;
}

/// Of a packet whose row is found, but for its body.
std::optional<RequestError> head_error(const http::RequestHead& head, const Policy& policy) {
  if (policy.draining) return draining_error();
  if (head.looped) {
    return RequestError{RejectReason::loop, 508,
                        "the packet has come from this daemon: one of its analyzers leads here"};
  }
  return body_error(head);
}

RequestError type_error(const Route& of_path) {
  constexpr std::string_view detail_of_packets =
      "Content-Type must be application/json, or of JSON lines as application/x-ndjson, in UTF-8, at most 256 bytes";
  constexpr std::string_view detail_of_others =
      "Content-Type must be application/json or application/x-protobuf, at most 256 bytes";
  constexpr std::string_view detail_of_journals = "Content-Type must be application/vnd.fdo.journal";
  std::string_view detail = of_path.protocol == core::Protocol::packet ? detail_of_packets : detail_of_others;
  if (of_path.is_upload) detail = detail_of_journals;
  return {RejectReason::unsupported_media_type, 415, detail};
}

/// The coding of the body; none when it is unknown, or several.
std::optional<core::ContentCoding> coding_of(const http::RequestHead& head, const Route& route) {
  return head.encoded ? core::find_coding(head.content_coding) : route.default_coding;
}

Result validate_body(const http::RequestHead& head, const Policy& policy, const Route& route, Purpose purpose) {
  const auto coding = coding_of(head, route);
  if (!coding) {
    RequestError error{RejectReason::unsupported_media_type, 415,
                       "Content-Encoding must be one of gzip, deflate, zstd and snappy, or identity"};
    error.names_codings = true;
    return error;
  }
  const bool is_cut = route.is_upload && *coding == core::ContentCoding::identity;
  if (!is_cut && head.content_length && *head.content_length > policy.max_body) {
    return RequestError{RejectReason::body_too_large, 413, "the body is larger than server.max_body allows", true};
  }
  return Admissible{purpose, &route, *coding};
}

Result validate_packet(const http::RequestHead& head, const Policy& policy, const RouteTable::Found& found,
                       bool type_is_valid) {
  if (const auto error = head_error(head, policy)) return *error;
  if (found.route == nullptr || !type_is_valid) return type_error(*found.of_path);
  return validate_body(head, policy, *found.route, Purpose::packet);
}

/// While the daemon drains, too: packets are delivered then.
Result validate_acks(const http::RequestHead& head, const Policy& policy, const Route& route) {
  if (const auto error = body_error(head)) return *error;
  return validate_body(head, policy, route, Purpose::acks);
}

Result validate_routed(const http::RequestHead& head, const Policy& policy, const RouteTable::Found& found,
                       bool type_is_valid) {
  if (head.method == http::Method::options) return Admissible{Purpose::options, nullptr, {}, found.methods};
  if (!found.takes_method) {
    const bool takes_packets = (found.methods & methods::post) != 0;
    return RequestError{RejectReason::method_not_allowed, 405,
                        takes_packets ? "packets are sent with POST" : "this is asked for with GET or HEAD", false,
                        found.methods};
  }
  const Canned canned = found.route != nullptr ? found.route->canned : Canned::none;
  if (canned == Canned::hec_ack && policy.acks) return validate_acks(head, policy, *found.route);
  if (canned != Canned::none) return Admissible{Purpose::canned, found.route};
  return validate_packet(head, policy, found, type_is_valid);
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
  const std::string_view content_type = head.content_type.value_or("");
  const RouteTable::Found found = policy.routes.find(head.method, head.path, http::media_type(content_type));
  if (found.of_path != nullptr) {
    // Where the type decides nothing, what it says of the text does not either.
    const bool is_typed = found.route == nullptr || !found.route->media_type.empty();
    const bool type_is_valid =
        content_type.size() <= max_content_type_size && (!is_typed || http::is_utf_8(content_type));
    Result result = validate_routed(head, policy, found, type_is_valid);
    if (result) return result;
    RequestError error = result.error();
    error.route = found.route != nullptr ? found.route : found.of_path;
    return error;
  }
  if (is_health_path(head.path)) return validate_health(head);
  if (head.path == "*") return Admissible{Purpose::options, nullptr, {}, methods::get | methods::post};
  if (head.method == http::Method::connect) {
    return RequestError{RejectReason::method_not_allowed, 405, "this is not a proxy: packets are sent with POST", true,
                        methods::post};
  }
  return RequestError{RejectReason::not_found, 404, policy.routes.paths_text()};
}

}  // namespace logdist::ingest
