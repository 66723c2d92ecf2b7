// The layout of a JSON body, held to the rules of the packet port event by event.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codec/json_layout.hpp"
#include "codec/violation.hpp"
#include "logdist/codec/decode.hpp"

namespace logdist::codec {

/// The fields of a packet that we read; all others pass through.
enum class Field : std::uint8_t { other, messages, packet_id, agent_id };
inline constexpr std::size_t field_count = 4;

/// Which field `key`, unescaped, names.
inline Field field_of(std::string_view key) {
  if (key == "messages") return Field::messages;
  if (key == "packet_id") return Field::packet_id;
  if (key == "agent_id") return Field::agent_id;
  return Field::other;
}

/// Follows one JSON text from event to event. Every event returns whether the
/// rules still hold; after the first violation no more may come. Confined to one thread.
class PacketSchema {
 public:
  bool begin(Kind container);
  bool end(Kind container);
  bool scalar(Kind kind) { return admit(kind); }
  bool key(std::string_view unescaped);
  bool string(std::string_view unescaped);

  /// Whether the text of a key, or string, that comes next matters.
  bool wants_key() const { return depth_ == 1; }
  bool wants_string() const { return depth_ == 1 && field_ == Field::packet_id; }

  std::uint32_t messages() const { return messages_; }
  /// The id of the body, when it has one.
  const std::optional<std::string>& packet_id() const { return packet_id_; }
  const std::optional<Violation>& violation() const { return violation_; }

 private:
  bool admit(Kind kind);
  bool admit_root(Kind kind);
  bool admit_field(Kind kind);
  bool admit_message(Kind kind);
  bool refuse(std::string detail, DecodeErrorCode code = DecodeErrorCode::invalid_body);

  std::uint32_t depth_ = 0;           ///< containers open
  std::uint32_t messages_depth_ = 0;  ///< depth right inside the messages, 0 outside of them
  std::uint32_t messages_ = 0;
  Field field_ = Field::other;  ///< the field of the packet whose value comes or came last
  std::array<bool, field_count> seen_{};
  std::optional<std::string> packet_id_;
  std::optional<Violation> violation_;
};

}  // namespace logdist::codec
