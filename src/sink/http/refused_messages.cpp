#include "logdist/sink/http/refused_messages.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>

namespace logdist::sink {
namespace {

using codec::JsonStep;
using Kind = JsonStep::Kind;

/// {"items":[{"create":{"status":409,…}},…]}
constexpr JsonStep bulk_status[] = {
    {Kind::member, "items"}, {Kind::element}, {Kind::any_member}, {Kind::member, "status"}};
/// {"partialSuccess":{"rejectedLogRecords":"3",…}}
constexpr JsonStep otlp_rejected[] = {{Kind::member, "partialSuccess"}, {Kind::member, "rejectedLogRecords"}};
/// {"text":"Success","code":0}
constexpr JsonStep hec_code[] = {{Kind::member, "code"}};

constexpr std::uint64_t least_error_status = 300;
/// What is looked for stands in the first bytes.
constexpr std::size_t protobuf_bytes_max = 32;
constexpr std::uint64_t all_messages = std::numeric_limits<std::uint32_t>::max();

std::span<const JsonStep> path_of(core::Protocol protocol) {
  switch (protocol) {
    case core::Protocol::elasticsearch: return bulk_status;
    case core::Protocol::otlp: return otlp_rejected;
    case core::Protocol::hec_event:
    case core::Protocol::hec_raw: return hec_code;
    default: return {};
  }
}

/// Takes a varint off; none when there is none.
std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

/// ExportLogsServiceResponse { partial_success = 1 { rejected_log_records = 1 } }, as its senders write it.
std::uint64_t rejected_in_protobuf(std::string_view bytes) {
  constexpr char partial_success = 0x0a;
  constexpr char rejected_log_records = 0x08;
  if (!bytes.starts_with(partial_success)) return 0;
  bytes.remove_prefix(1);
  const auto size = take_varint(bytes);
  if (!size || !bytes.starts_with(rejected_log_records)) return 0;
  bytes.remove_prefix(1);
  return take_varint(bytes).value_or(0);
}

}  // namespace

void RefusedMessages::begin(core::Protocol protocol, std::uint32_t messages, std::string_view content_type) {
  protocol_ = protocol;
  messages_ = messages;
  protobuf_.clear();
  syntax_ = path_of(protocol).empty() ? Syntax::none : Syntax::json;
  if (protocol == core::Protocol::otlp && content_type.find("json") == content_type.npos) {
    // A line feed before JSON would be a field of protobuf, so only JSON that begins at once is told by its first byte.
    syntax_ = content_type.empty() ? Syntax::unknown : Syntax::protobuf;
  }
  if (syntax_ == Syntax::none || syntax_ == Syntax::protobuf) return;
  json_.begin(path_of(protocol), least_error_status);
}

void RefusedMessages::read(std::string_view piece) {
  if (syntax_ == Syntax::unknown && !piece.empty()) {
    syntax_ = piece.front() == '{' ? Syntax::json : Syntax::protobuf;
  }
  if (syntax_ == Syntax::json) json_.read(piece);
  if (syntax_ == Syntax::protobuf) {
    protobuf_.append(piece.substr(0, std::min(piece.size(), protobuf_bytes_max - protobuf_.size())));
  }
}

std::uint32_t RefusedMessages::end() {
  const auto counted = static_cast<std::uint32_t>(std::min<std::uint64_t>(refused(), messages_));
  syntax_ = Syntax::none;
  return counted;
}

std::uint64_t RefusedMessages::refused() const {
  if (syntax_ == Syntax::protobuf) return rejected_in_protobuf(protobuf_);
  if (syntax_ != Syntax::json) return 0;
  if (protocol_ == core::Protocol::elasticsearch) return json_.count();
  if (protocol_ == core::Protocol::otlp) return json_.last();
  return json_.last() == 0 ? 0 : all_messages;
}

}  // namespace logdist::sink
