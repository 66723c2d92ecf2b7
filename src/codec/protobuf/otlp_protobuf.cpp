// OpenTelemetry's logs_service.proto, logs.proto, resource.proto and common.proto, version 1.
#include "logdist/codec/protobuf/protobuf_walk.hpp"

namespace logdist::codec {
namespace {

enum OtlpMessage : std::uint8_t {
  otlp_unknown,
  export_logs_request,
  resource_logs,
  resource,
  entity_ref,
  scope_logs,
  scope,
  log_record,
  key_value,
  any_value,
  array_value,
  key_value_list,
  otlp_message_count,
};

constexpr std::array<ProtobufFields, otlp_message_count> otlp_messages = [] {
  std::array<ProtobufFields, otlp_message_count> messages{};
  messages[export_logs_request][1] = resource_logs;
  messages[resource_logs][1] = resource;
  messages[resource_logs][2] = scope_logs;
  messages[resource][1] = key_value;
  messages[resource][3] = entity_ref;
  messages[scope_logs][1] = scope;
  messages[scope_logs][2] = log_record;
  messages[scope][3] = key_value;
  messages[log_record][5] = any_value;
  messages[log_record][6] = key_value;
  messages[key_value][2] = any_value;
  messages[any_value][5] = array_value;
  messages[any_value][6] = key_value_list;
  messages[array_value][1] = any_value;
  messages[key_value_list][1] = key_value;
  return messages;
}();

}  // namespace

const ProtobufSchema otlp_schema{otlp_messages, log_record};

}  // namespace logdist::codec
