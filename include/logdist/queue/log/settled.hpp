// Which packets are done, where and how: the payload of a `settled` record.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "logdist/queue/log/balance_figures.hpp"

namespace logdist::queue {

enum class SettledAs : std::uint8_t {
  delivered,      ///< an analyzer took it
  dead_lettered,  ///< none will; it is kept elsewhere
  handed_back,    ///< to the agent, with a 503
  lost,           ///< its record was found damaged
};

/// A packet of the log by id, and its messages.
struct PacketEntry {
  std::uint64_t id = 0;
  std::uint32_t messages = 0;

  bool operator==(const PacketEntry&) const = default;
};

/// Packets with the same end.
struct SettledGroup {
  std::string analyzer;  ///< that was charged; none: empty
  SettledAs as = SettledAs::delivered;
  std::uint64_t unstored_messages = 0;  ///< of packets that were done before they were written: charged all the same
  std::vector<PacketEntry> packets;

  bool operator==(const SettledGroup&) const = default;
};

std::string encode_settled(std::span<const SettledGroup> groups);
/// None when it is no such payload.
std::optional<std::vector<SettledGroup>> decode_settled(std::string_view payload);

/// Charges what these groups say.
void charge(BalanceFigures& figures, std::span<const SettledGroup> groups);

}  // namespace logdist::queue
