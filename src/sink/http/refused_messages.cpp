#include "logdist/sink/http/refused_messages.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace logdist::sink {
namespace {

constexpr std::string_view status_key = R"("status")";
constexpr std::uint64_t all_messages = std::numeric_limits<std::uint32_t>::max();

std::string_view without_blanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == text.npos ? std::string_view() : text.substr(begin);
}

/// The number behind a key, quoted or not.
std::optional<std::uint64_t> number_of(std::string_view json, std::string_view key) {
  const std::size_t at = json.find(key);
  if (at == json.npos) return std::nullopt;
  std::string_view rest = without_blanks(json.substr(at + key.size()));
  if (!rest.starts_with(':')) return std::nullopt;
  rest = without_blanks(rest.substr(1));
  if (rest.starts_with('"')) rest.remove_prefix(1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
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

std::uint64_t rejected_by_otlp(std::string_view body) {
  if (!without_blanks(body).starts_with('{')) return rejected_in_protobuf(body);
  return number_of(body, R"("rejectedLogRecords")").value_or(0);
}

}  // namespace

void RefusedMessages::begin(core::Protocol protocol, std::uint32_t messages) {
  *this = {};
  protocol_ = protocol;
  messages_ = messages;
}

void RefusedMessages::read(std::string_view piece) {
  switch (protocol_) {
    case core::Protocol::elasticsearch: return read_bulk(piece);
    case core::Protocol::otlp:
    case core::Protocol::hec_event:
    case core::Protocol::hec_raw: {
      const std::size_t room = kept_bytes_max - kept_.size();
      kept_.append(piece.substr(0, std::min(room, piece.size())));
      return;
    }
    default: return;
  }
}

/// Counts `"status":` with 300 or more: each item has one. Within a string the quotes are escaped.
void RefusedMessages::read_bulk(std::string_view piece) {
  for (const char byte : piece) {
    const bool is_blank = byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
    if (place_ == Place::colon && (byte == ':' || is_blank)) {
      if (byte == ':') place_ = Place::status;
      continue;
    }
    if (place_ == Place::status && is_blank) continue;
    if (place_ == Place::status && byte >= '3' && byte <= '9') ++refused_;
    place_ = Place::elsewhere;
    if (byte == status_key[matched_] && !escaped_) {
      if (++matched_ == status_key.size()) {
        matched_ = 0;
        place_ = Place::colon;
      }
    } else {
      matched_ = byte == '"' && !escaped_ ? 1 : 0;
    }
    escaped_ = byte == '\\' && !escaped_;
  }
}

std::uint32_t RefusedMessages::end() {
  std::uint64_t refused = refused_;
  if (protocol_ == core::Protocol::otlp) refused = rejected_by_otlp(kept_);
  if (protocol_ == core::Protocol::hec_event || protocol_ == core::Protocol::hec_raw) {
    refused = number_of(kept_, R"("code")").value_or(0) == 0 ? 0 : all_messages;
  }
  const auto counted = static_cast<std::uint32_t>(std::min<std::uint64_t>(refused, messages_));
  *this = {};
  return counted;
}

}  // namespace logdist::sink
