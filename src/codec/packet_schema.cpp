#include "codec/packet_schema.hpp"

#include <utility>

#include <fmt/format.h>

#include "logdist/base/check.hpp"

namespace logdist::codec {
namespace {

constexpr std::uint32_t packet_depth = 1;

}  // namespace

bool PacketSchema::begin(Kind container) {
  if (!admit(container)) return false;
  const bool bare_messages = depth_ == 0 && container == Kind::array;
  const bool named_messages = depth_ == packet_depth && field_ == Field::messages && messages_depth_ == 0;
  ++depth_;
  if (bare_messages || named_messages) messages_depth_ = depth_;
  return true;
}

bool PacketSchema::end(Kind container) {
  if (depth_ == messages_depth_) {
    if (messages_ == 0) return refuse("there are no messages: the array is empty");
    messages_depth_ = 0;
  }
  --depth_;
  if (depth_ == 0 && container == Kind::object && !seen_[static_cast<std::size_t>(Field::messages)]) {
    return refuse("the packet has no `messages`");
  }
  return true;
}

bool PacketSchema::key(std::string_view unescaped) {
  if (depth_ != packet_depth) return true;
  field_ = field_of(unescaped);
  if (field_ == Field::other) return true;
  if (std::exchange(seen_[static_cast<std::size_t>(field_)], true)) {
    return refuse(fmt::format("`{}` is given twice", unescaped));
  }
  return true;
}

bool PacketSchema::string(std::string_view unescaped) {
  if (!admit(Kind::string)) return false;
  if (depth_ != packet_depth || messages_depth_ != 0 || field_ != Field::packet_id) return true;
  if (!is_valid_id(unescaped)) {
    return refuse(fmt::format("`packet_id` must be 1 to {} visible ASCII characters", max_id_length),
                  DecodeErrorCode::invalid_packet_id);
  }
  packet_id_ = unescaped;
  return true;
}

bool PacketSchema::admit(Kind kind) {
  if (depth_ == 0) return admit_root(kind);
  if (depth_ == messages_depth_) return admit_message(kind);
  if (depth_ == packet_depth && messages_depth_ == 0) return admit_field(kind);
  return true;
}

bool PacketSchema::admit_root(Kind kind) {
  if (kind == Kind::object || kind == Kind::array) return true;
  return refuse(fmt::format("the body must be a packet, or an array of messages; it is {}", name_of(kind)));
}

bool PacketSchema::admit_field(Kind kind) {
  switch (field_) {
    case Field::other: return true;
    case Field::messages:
      if (kind == Kind::array) return true;
      return refuse(fmt::format("`messages` must be a non-empty array of objects or strings; it is {}", name_of(kind)));
    case Field::packet_id:
      if (kind == Kind::string) return true;
      return refuse(fmt::format("`packet_id` must be a string; it is {}", name_of(kind)),
                    DecodeErrorCode::invalid_packet_id);
    case Field::agent_id:
      if (kind == Kind::string) return true;
      return refuse(fmt::format("`agent_id` must be a string; it is {}", name_of(kind)));
  }
  check_failed("a known value", __FILE__, __LINE__);
}

bool PacketSchema::admit_message(Kind kind) {
  if (kind != Kind::object && kind != Kind::string) {
    return refuse(fmt::format("`messages` must be a non-empty array of objects or strings; element {} is {}", messages_,
                              name_of(kind)));
  }
  ++messages_;
  return true;
}

bool PacketSchema::refuse(std::string detail, DecodeErrorCode code) {
  violation_ = Violation{code, std::move(detail)};
  return false;
}

}  // namespace logdist::codec
