// The protocols that agents speak.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace logdist::core {

/// What an agent speaks on the packet port. Its name is what `Packet-Format` says to an analyzer, what the
/// configuration switches on and off, and the label `format` of the metrics.
enum class Protocol : std::uint8_t {
  packet,  ///< our own
  otlp,
  loki,
  hec_event,
  hec_raw,
  elasticsearch,
  datadog,
  gelf,
  journal,
  firehose,
  logplex,
  events,
};
inline constexpr std::size_t protocol_count = 12;

/// Its name: `hec-event`.
const char* to_string(Protocol protocol);

/// The protocol of that name.
std::optional<Protocol> find_protocol(std::string_view name);

/// Some of the protocols, or all of them.
class ProtocolSet {
 public:
  static constexpr ProtocolSet all() { return ProtocolSet((std::uint32_t{1} << protocol_count) - 1); }
  constexpr ProtocolSet() = default;

  constexpr bool has(Protocol protocol) const { return (bits_ >> static_cast<unsigned>(protocol) & 1U) != 0; }
  constexpr void add(Protocol protocol) { bits_ |= std::uint32_t{1} << static_cast<unsigned>(protocol); }
  constexpr bool empty() const { return bits_ == 0; }
  friend constexpr bool operator==(ProtocolSet, ProtocolSet) = default;

 private:
  constexpr explicit ProtocolSet(std::uint32_t bits) : bits_(bits) {}

  std::uint32_t bits_ = 0;
};

}  // namespace logdist::core
