// Splunk's HTTP Event Collector: a text and a code.
#include <optional>

#include <nlohmann/json.hpp>

#include "ingest/dialects/dialects.hpp"

namespace logdist::ingest {
namespace {

struct HecError {
  unsigned status;
  int code;
  std::string_view text;
};

constexpr HecError token_missing{401, 2, "Token is required"};
constexpr HecError authorization_invalid{401, 3, "Invalid authorization"};
constexpr HecError token_unknown{401, 4, "Invalid token"};
constexpr HecError token_refused{403, 4, "Invalid token"};
constexpr HecError no_data{400, 5, "No data"};
constexpr HecError invalid_format{400, 6, "Invalid data format"};
constexpr HecError server_busy{503, 9, "Server is busy"};
constexpr HecError channel_missing{400, 10, "Data channel is missing"};
constexpr HecError channel_invalid{400, 11, "Invalid data channel"};
constexpr HecError event_missing{400, 12, "Event field is required"};
constexpr HecError event_blank{400, 13, "Event field cannot be blank"};

HecError error_of_body(codec::DecodeErrorCode code) {
  switch (code) {
    case codec::DecodeErrorCode::no_data: return no_data;
    case codec::DecodeErrorCode::event_missing: return event_missing;
    case codec::DecodeErrorCode::event_blank: return event_blank;
    case codec::DecodeErrorCode::invalid_body:
    case codec::DecodeErrorCode::invalid_packet_id:
    case codec::DecodeErrorCode::too_many: return invalid_format;
  }
  return invalid_format;
}

HecError error_of_identity(IdentityError error) {
  switch (error) {
    case IdentityError::missing: return token_missing;
    case IdentityError::malformed: return authorization_invalid;
    case IdentityError::unknown: return token_unknown;
  }
  return token_unknown;
}

HecError error_of_status(unsigned status) {
  if (status == 503 || status == 429) return {status, server_busy.code, server_busy.text};
  if (status == 403) return token_refused;
  return {status, 6, "Invalid data format"};
}

}  // namespace

Reply hec_success(const Success& success) {
  Reply reply{200, json_type, {}, R"({"text":"Success","code":0})"};
  if (success.ack_id) reply.body.insert(reply.body.size() - 1, R"(,"ackId":)" + std::to_string(*success.ack_id));
  return reply;
}

/// The text is always the same for a code; what is wrong here is the `detail`, which is ours.
Reply hec_problem(const Problem& problem) {
  HecError error = error_of_status(problem.status);
  if (problem.identity) error = error_of_identity(*problem.identity);
  if (problem.code) error = error_of_body(*problem.code);
  if (problem.channel) error = *problem.channel == ChannelError::missing ? channel_missing : channel_invalid;
  nlohmann::ordered_json body{{"text", error.text}, {"code", error.code}};
  const bool names_event = problem.code && *problem.code != codec::DecodeErrorCode::no_data;
  if (names_event) body["invalid-event-number"] = problem.message;
  body["detail"] = text_of(problem);
  return {error.status, json_type, {}, dump(body)};
}

}  // namespace logdist::ingest
