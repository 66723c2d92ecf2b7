// OTLP/HTTP: an ExportLogsServiceResponse, or a google.rpc.Status, in the encoding of the request
// (opentelemetry-proto, docs/specification.md).
#include <cstdint>

#include <nlohmann/json.hpp>

#include "ingest/dialects/dialects.hpp"

namespace logdist::ingest {
namespace {

constexpr std::string_view otlp_protobuf_type = "application/x-protobuf";

/// google.rpc.Code.
enum class RpcCode : std::uint8_t {
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  unimplemented = 12,
  unavailable = 14,
  unauthenticated = 16,
};

RpcCode code_of(unsigned status) {
  switch (status) {
    case 400:
    case 411:
    case 415: return RpcCode::invalid_argument;
    case 401: return RpcCode::unauthenticated;
    case 403: return RpcCode::permission_denied;
    case 405: return RpcCode::unimplemented;
    case 408: return RpcCode::deadline_exceeded;
    case 413:
    case 429: return RpcCode::resource_exhausted;
    case 422:
    case 508: return RpcCode::failed_precondition;
    case 503: return RpcCode::unavailable;
    default: return RpcCode::unknown;
  }
}

void append_varint(std::string& out, std::size_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

std::string status_message(RpcCode code, std::string_view text) {
  std::string out;
  out += '\x08';  // int32 code = 1
  append_varint(out, static_cast<std::size_t>(code));
  out += '\x12';  // string message = 2
  append_varint(out, text.size());
  return out.append(text);
}

/// ASCII, whatever the agent sent that is quoted in it.
std::string ascii(std::string text) {
  for (char& byte : text) {
    if (static_cast<unsigned char>(byte) >= 0x80) byte = '?';
  }
  return text;
}

}  // namespace

Reply otlp_success(bool protobuf) {
  // Nothing is rejected, so partial_success is not set, and the message is empty.
  if (protobuf) return {200, otlp_protobuf_type, {}, ""};
  return {200, json_type, {}, "{}"};
}

Reply otlp_problem(bool protobuf, const Problem& problem) {
  const RpcCode code = code_of(problem.status);
  if (protobuf) return {problem.status, otlp_protobuf_type, {}, status_message(code, ascii(text_of(problem)))};
  return {problem.status, json_type, {}, dump({{"code", static_cast<unsigned>(code)}, {"message", text_of(problem)}})};
}

}  // namespace logdist::ingest
