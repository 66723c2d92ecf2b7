// How things end: the labels that several floors share.
#pragma once

#include <cstddef>
#include <cstdint>

namespace logdist {

/// How one attempt to hand a packet to an analyzer ended. The value is also the
/// `outcome` label of delivery_attempts_total.
enum class Outcome : std::uint8_t {
  delivered,          ///< 2xx
  refused,            ///< a 4xx that speaks of the packet (retry::classify)
  paused,             ///< 429, or 503 with Retry-After: later, and no failure
  http_error,         ///< any other status: a failure
  timeout,            ///< no whole answer within delivery.timeout; it may have taken the packet
  connect_error,      ///< name not resolved, refused, unreachable: it has not taken the packet
  connection_broken,  ///< closed or reset before the whole answer; it may have taken the packet
  protocol_error,     ///< broken HTTP; it may have taken the packet
  unsent,             ///< given back before its first byte was written: says nothing
};
inline constexpr std::size_t outcome_count = 9;
const char* to_string(Outcome outcome);

/// Whether the analyzer may have taken the packet although we can't count it
/// delivered: only after these may a duplicate arrive.
constexpr bool is_ambiguous(Outcome outcome) {
  return outcome == Outcome::timeout || outcome == Outcome::connection_broken || outcome == Outcome::protocol_error;
}

/// Why a packet was dead-lettered.
enum class DeadLetterReason : std::uint8_t {
  refused,     ///< two analyzers refused it, or one did and no other could be heard
  max_rounds,  ///< poison: failed in delivery.max_rounds rounds at analyzers that took others meanwhile
  shutdown,    ///< the grace expired first
  max_age,     ///< older than delivery.max_age, and answered by an analyzer
};
inline constexpr std::size_t dead_letter_reason_count = 4;
const char* to_string(DeadLetterReason reason);

/// Why a request on the packet port was answered with an error. A packet that
/// waited and was handed back is not among them: it was admitted.
enum class RejectReason : std::uint8_t {
  malformed_http,
  invalid_body,
  invalid_packet_id,
  not_found,
  method_not_allowed,
  timeout,
  length_required,
  body_too_large,
  unsupported_media_type,
  header_too_large,
  draining,
  too_many_connections,
  buffers_full,  ///< no room under server.max_buffered in time
  loop,          ///< it has passed through this daemon before
  unauthorized,  ///< its agent is not known
  forbidden,     ///< its agent is known, and may not send that
  over_limit,    ///< its agent has sent as much as it may
};
inline constexpr std::size_t reject_reason_count = 17;
const char* to_string(RejectReason reason);

/// Why a client was refused, known or not.
enum class ClientRefusal : std::uint8_t {
  no_identity,         ///< neither a token nor a certificate
  malformed_identity,  ///< an Authorization that is none of the forms of a token
  unknown_identity,    ///< a token that nobody has
  two_identities,      ///< a token and a certificate of two clients, or a certificate that fits two
  address,             ///< it may not send from there
  format,              ///< it may not send that
  rate,                ///< it has sent as much as it may
  share,               ///< it holds as much of the queue as it may
};
inline constexpr std::size_t client_refusal_count = 8;
const char* to_string(ClientRefusal refusal);

}  // namespace logdist
