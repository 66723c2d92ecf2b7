#include "codec/json_packet.hpp"

#include <array>
#include <optional>
#include <utility>

#include "codec/long_number.hpp"
#include "codec/packet_schema.hpp"
#include "codec/strict_validator.hpp"

namespace logdist::codec {
namespace {

namespace dom = simdjson::dom;

/// How many messages `messages` holds; none when it is empty or one of them is
/// neither an object nor a string.
std::optional<std::uint32_t> count_messages(const dom::array& messages) {
  std::uint32_t count = 0;
  for (const dom::element message : messages) {
    const dom::element_type type = message.type();
    if (type != dom::element_type::OBJECT && type != dom::element_type::STRING) return std::nullopt;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return count;
}

/// Reads the fields of a packet; none when a rule does not hold.
std::optional<Decoded> read_packet(const dom::object& packet) {
  Decoded decoded;
  std::array<bool, field_count> seen{};
  for (const dom::key_value_pair pair : packet) {
    const Field field = field_of(pair.key);
    if (field == Field::other) continue;
    if (std::exchange(seen[static_cast<std::size_t>(field)], true)) return std::nullopt;
    if (field == Field::messages) {
      dom::array messages;
      if (pair.value.get(messages) != simdjson::SUCCESS) return std::nullopt;
      const auto count = count_messages(messages);
      if (!count) return std::nullopt;
      decoded.messages = *count;
    } else {
      std::string_view text;
      if (pair.value.get(text) != simdjson::SUCCESS) return std::nullopt;
      if (field == Field::packet_id) {
        if (!is_valid_id(text)) return std::nullopt;
        decoded.packet_id = text;
      }
    }
  }
  if (decoded.messages == 0) return std::nullopt;
  return decoded;
}

}  // namespace

/// Reads `text`, which has padding behind it; none when it must be validated strictly.
std::optional<Decoded> JsonPacketDecoder::read_quickly(std::string_view text) {
  dom::element root;
  if (scratch_.parser.parse(text.data(), text.size(), false).get(root) != simdjson::SUCCESS) return std::nullopt;
  dom::object packet;
  if (root.get(packet) == simdjson::SUCCESS) return read_packet(packet);
  dom::array messages;
  if (root.get(messages) != simdjson::SUCCESS) return std::nullopt;
  const auto count = count_messages(messages);
  if (!count) return std::nullopt;
  return Decoded{*count, {}};
}

DecodeResult JsonPacketDecoder::decode(std::string_view body) {
  if (auto decoded = may_have_long_number(body) ? std::nullopt : read_quickly(body)) {
    packet_id_ = decoded->packet_id;  // the tape's strings go with the next parse or renew()
    decoded->packet_id = packet_id_;
    return *decoded;
  }
  const auto messages = validate_strictly(body, packet_id_);
  if (!messages) return messages.error();
  return Decoded{*messages, packet_id_};
}

std::unique_ptr<BodyReader> JsonPacketDecoder::in_pieces() const { return read_strictly(); }

}  // namespace logdist::codec
