#include "logdist/base/outcome.hpp"

#include "logdist/base/check.hpp"

namespace logdist {

const char* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::delivered: return "delivered";
    case Outcome::refused: return "refused";
    case Outcome::paused: return "paused";
    case Outcome::http_error: return "http_error";
    case Outcome::timeout: return "timeout";
    case Outcome::connect_error: return "connect_error";
    case Outcome::connection_broken: return "connection_broken";
    case Outcome::protocol_error: return "protocol_error";
    case Outcome::unsent: return "unsent";
  }
  check_failed("a known value", __FILE__, __LINE__);
}

const char* to_string(DeadLetterReason reason) {
  switch (reason) {
    case DeadLetterReason::refused: return "refused";
    case DeadLetterReason::max_rounds: return "max_rounds";
    case DeadLetterReason::shutdown: return "shutdown";
    case DeadLetterReason::max_age: return "max_age";
  }
  check_failed("a known value", __FILE__, __LINE__);
}

const char* to_string(RejectReason reason) {
  switch (reason) {
    case RejectReason::malformed_http: return "malformed_http";
    case RejectReason::invalid_body: return "invalid_body";
    case RejectReason::invalid_packet_id: return "invalid_packet_id";
    case RejectReason::not_found: return "not_found";
    case RejectReason::method_not_allowed: return "method_not_allowed";
    case RejectReason::timeout: return "timeout";
    case RejectReason::length_required: return "length_required";
    case RejectReason::body_too_large: return "body_too_large";
    case RejectReason::unsupported_media_type: return "unsupported_media_type";
    case RejectReason::header_too_large: return "header_too_large";
    case RejectReason::draining: return "draining";
    case RejectReason::too_many_connections: return "too_many_connections";
    case RejectReason::buffers_full: return "buffers_full";
    case RejectReason::loop: return "loop";
    case RejectReason::unauthorized: return "unauthorized";
    case RejectReason::forbidden: return "forbidden";
    case RejectReason::over_limit: return "over_limit";
  }
  check_failed("a known value", __FILE__, __LINE__);
}

const char* to_string(ClientRefusal refusal) {
  switch (refusal) {
    case ClientRefusal::no_identity: return "no_identity";
    case ClientRefusal::malformed_identity: return "malformed_identity";
    case ClientRefusal::unknown_identity: return "unknown_identity";
    case ClientRefusal::two_identities: return "two_identities";
    case ClientRefusal::address: return "address";
    case ClientRefusal::format: return "format";
    case ClientRefusal::rate: return "rate";
    case ClientRefusal::share: return "share";
  }
  check_failed("a known value", __FILE__, __LINE__);
}

}  // namespace logdist
