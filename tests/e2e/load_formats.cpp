// What an agent of each log format sends.
#include <fmt/format.h>

#include <iterator>

#include "logdist/base/check.hpp"
#include "tests/e2e/load.hpp"

namespace logdist::e2e {
namespace {

using core::Protocol;

constexpr std::string_view json_type = "application/json";

/// `messages` times what `one` makes of a message's number, with `between` between them.
template <typename One>
std::string join(std::uint32_t messages, std::string_view between, One one) {
  std::string text;
  for (std::uint32_t i = 0; i < messages; ++i) {
    if (i > 0) text += between;
    text += one(i);
  }
  return text;
}

std::string object(std::uint32_t number) {
  return fmt::format(R"({{"level":"info","n":{},"text":"wäs \"häppened\"\t…" }})", number);
}

std::string otlp_record(std::uint32_t number) {
  return fmt::format(
      R"({{"timeUnixNano":"17000000000000{:05}","severityText":"INFO","body":{{"stringValue":"n {}"}}}})", number,
      number);
}

}  // namespace

Target target_of(Protocol format) {
  switch (format) {
    case Protocol::packet: return {"/v1/packets", json_type};
    case Protocol::otlp: return {"/v1/logs", json_type};
    case Protocol::loki: return {"/loki/api/v1/push", json_type};
    case Protocol::hec_event: return {"/services/collector/event", json_type};
    case Protocol::elasticsearch: return {"/_bulk", "application/x-ndjson"};
    default: check_failed("a format that loads are made of", __FILE__, __LINE__);
  }
}

std::string body_of(const Sent& packet) {
  const std::uint32_t messages = packet.messages;
  switch (packet.format) {
    case Protocol::packet:
      return fmt::format(R"({{"packet_id":"{}","agent_id":"load","messages":[{}]}})", packet.id,
                         join(messages, ",", object));
    case Protocol::otlp:
      return fmt::format(
          R"({{"resourceLogs":[{{"resource":{{"attributes":[{{"key":"id","value":{{"stringValue":"{}"}}}}]}},)"
          R"("scopeLogs":[{{"logRecords":[{}]}}]}}]}})",
          packet.id, join(messages, ",", otlp_record));
    case Protocol::loki:
      return fmt::format(R"({{"streams":[{{"stream":{{"id":"{}"}},"values":[{}]}}]}})", packet.id,
                         join(messages, ",", [](std::uint32_t number) {
                           return fmt::format(R"(["17000000000000{:05}","n {}"])", number, number);
                         }));
    case Protocol::hec_event:
      return join(messages, "\n", [&packet](std::uint32_t number) {
        return fmt::format(R"({{"event":{},"source":"{}"}})", object(number), packet.id);
      });
    case Protocol::elasticsearch:
      return join(messages, "", [&packet](std::uint32_t number) {
        return fmt::format("{{\"create\":{{\"_index\":\"logs\"}}}}\n{{\"id\":\"{}\",\"n\":{}}}\n", packet.id, number);
      });
    default: check_failed("a format that loads are made of", __FILE__, __LINE__);
  }
}

}  // namespace logdist::e2e
