// What is answered to an agent, in the words of its protocol.
//
// Pure functions: an outcome becomes a status, a few headers and a body. The head around them is the
// ResponseWriter's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "logdist/codec/decode.hpp"
#include "logdist/ingest/dialects/route_table.hpp"

namespace logdist::ingest {

/// Of the request that is answered.
struct Question {
  Dialect dialect = Dialect::packet;
  std::string_view packet_id = {};  ///< as far as it is known
  std::uint64_t unix_ms = 0;        ///< now
};

/// A packet that was queued or delivered, or a body without messages that is as good.
struct Success {
  std::uint32_t messages = 0;
  bool delivered = false;                    ///< not only queued
  std::optional<std::uint64_t> ack_id = {};  ///< of HEC: what its agent may ask about later
};

/// What is wrong with the channel that a request of HEC names.
enum class ChannelError : std::uint8_t { missing, invalid };

/// Why nobody knows whose a request is.
enum class IdentityError : std::uint8_t { missing, malformed, unknown };

/// A request that came to nothing.
struct Problem {
  unsigned status = 400;                            ///< as HTTP has it; a dialect may have another one for it
  std::string_view detail;                          ///< a sentence for people
  std::optional<std::size_t> offset = {};           ///< of the fault in the body
  std::optional<codec::DecodeErrorCode> code = {};  ///< of the body
  std::uint32_t message = 0;                        ///< which message of the body it is, from 0
  std::optional<ChannelError> channel = {};         ///< it is about that
  std::optional<IdentityError> identity = {};       ///< of a 401
  std::chrono::seconds retry_after{};               ///< of a 503 and a 429
  std::string_view allow = {};                      ///< the methods that a 405 names
  std::string_view accept_encoding = {};            ///< of a 415: the codings that are taken, when it is about those
};

/// An answer, but for what HTTP says of it and of its connection.
struct Reply {
  unsigned status = 200;
  std::string_view content_type = {};  ///< empty without a body
  std::string_view headers = {};       ///< whole lines
  std::string body = {};
};

/// Without it Elasticsearch's clients read no answer.
inline constexpr std::string_view elastic_product = "X-Elastic-Product: Elasticsearch\r\n";

/// `Not Found`.
std::string_view reason_phrase(unsigned status);

/// The status of `packet`, `gelf` and `events`, whose answer is the packet's id and the number of its
/// messages; none of the others.
std::optional<unsigned> status_with_packet_id(Dialect dialect, bool delivered);

/// Of the other dialects; of `elasticsearch` without items (bulk_reply()).
Reply success_reply(const Question& question, const Success& success);

/// What `_bulk` is answered: an item for each action, in order.
Reply bulk_reply(std::span<const codec::BulkActions> actions);
/// Its size, before it is there.
std::size_t bulk_reply_bytes(std::span<const codec::BulkActions> actions);

/// How long a body the analyzer's own answer to such a packet may have, to be passed on.
std::uint32_t relayed_answer_bytes_max(core::Protocol protocol, std::uint32_t messages);

/// Allow, Retry-After and Accept-Encoding are not among its headers.
Reply problem_reply(const Question& question, const Problem& problem);

/// `ready`: whether packets are taken.
Reply canned_reply(Canned canned, bool ready);

}  // namespace logdist::ingest
