#include "logdist/core/protocol.hpp"

#include <array>

namespace logdist::core {
namespace {

/// By Protocol.
constexpr std::array<const char*, protocol_count> protocol_names{"packet",  "otlp",          "loki",    "hec-event",
                                                                 "hec-raw", "elasticsearch", "datadog", "gelf",
                                                                 "journal", "firehose",      "logplex", "events"};

}  // namespace

const char* to_string(Protocol protocol) { return protocol_names[static_cast<std::size_t>(protocol)]; }

std::optional<Protocol> find_protocol(std::string_view name) {
  for (std::size_t i = 0; i < protocol_count; ++i) {
    if (protocol_names[i] == name) return static_cast<Protocol>(i);
  }
  return std::nullopt;
}

}  // namespace logdist::core
