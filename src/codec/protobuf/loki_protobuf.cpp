// Loki's pkg/push/push.proto.
#include "logdist/codec/protobuf/protobuf_walk.hpp"

namespace logdist::codec {
namespace {

enum LokiMessage : std::uint8_t {
  loki_unknown,
  push_request,
  stream,
  entry,
  timestamp,
  label_pair,
  loki_message_count,
};

constexpr std::array<ProtobufFields, loki_message_count> loki_messages = [] {
  std::array<ProtobufFields, loki_message_count> messages{};
  messages[push_request][1] = stream;
  messages[stream][2] = entry;
  messages[entry][1] = timestamp;
  messages[entry][3] = label_pair;  // structuredMetadata
  messages[entry][4] = label_pair;  // parsed
  return messages;
}();

}  // namespace

const ProtobufSchema loki_schema{loki_messages, entry};

}  // namespace logdist::codec
