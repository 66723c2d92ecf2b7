#include "codec/json_packet.hpp"

#include <array>
#include <optional>
#include <utility>

#include "codec/packet_schema.hpp"
#include "codec/strict_validator.hpp"

namespace logdist::codec {
namespace {

/// Passes the array of messages, and counts them; none when it is empty, or one of them is neither an object nor a
/// string.
std::optional<std::uint32_t> count_messages(JsonScan& scan) {
  if (scan.kind() != Kind::array || scan.is_empty() || !scan.enter()) return std::nullopt;
  std::uint32_t count = 0;
  do {
    const Kind kind = scan.kind();
    if ((kind != Kind::object && kind != Kind::string) || !scan.skip_value()) return std::nullopt;
    ++count;
  } while (scan.passes_comma());
  return scan.leave(']') ? std::optional(count) : std::nullopt;
}

/// Reads what a field of the packet has; false when a rule does not hold.
bool read_field(JsonScan& scan, Field field, Decoded& decoded) {
  switch (field) {
    case Field::messages: {
      const auto count = count_messages(scan);
      decoded.messages = count.value_or(0);
      return count.has_value();
    }
    case Field::packet_id: return scan.read_plain_string(decoded.packet_id) && is_valid_id(decoded.packet_id);
    case Field::agent_id: return scan.kind() == Kind::string && scan.skip_value();
    case Field::other: return scan.skip_value();
  }
  return false;
}

/// Reads the fields of a packet; none when a rule does not hold.
std::optional<Decoded> read_packet(JsonScan& scan) {
  if (scan.is_empty() || !scan.enter()) return std::nullopt;
  Decoded decoded;
  std::array<bool, field_count> seen{};
  do {
    std::string_view key;
    if (!scan.read_plain_key(key)) return std::nullopt;
    const Field field = field_of(key);
    if (field != Field::other && std::exchange(seen[static_cast<std::size_t>(field)], true)) return std::nullopt;
    if (!read_field(scan, field, decoded)) return std::nullopt;
  } while (scan.passes_comma());
  if (!scan.leave('}') || decoded.messages == 0) return std::nullopt;
  return decoded;
}

}  // namespace

/// Reads `text`, which has padding behind it; none when it must be validated strictly.
std::optional<Decoded> JsonPacketDecoder::read_quickly(std::string_view text) {
  if (!scan_.begin(text)) return std::nullopt;
  std::optional<Decoded> decoded;
  if (scan_.kind() == Kind::object) {
    decoded = read_packet(scan_);
  } else if (const auto count = count_messages(scan_)) {
    decoded = Decoded{*count};
  }
  return scan_.ends() ? decoded : std::nullopt;
}

DecodeResult JsonPacketDecoder::decode(std::string_view body) {
  if (const auto decoded = read_quickly(body)) return *decoded;
  const auto messages = validate_strictly(body, packet_id_);
  if (!messages) return messages.error();
  return Decoded{*messages, packet_id_};
}

std::unique_ptr<BodyReader> JsonPacketDecoder::in_pieces() const { return read_strictly(); }

}  // namespace logdist::codec
