#include "logdist/queue/log/settled.hpp"

#include <string_view>

#include "queue/log/wire.hpp"

namespace logdist::queue {

std::string encode_settled(std::span<const SettledGroup> groups) {
  std::string out;
  for (const SettledGroup& group : groups) {
    append_text(out, group.analyzer);
    out.push_back(static_cast<char>(group.as));
    append_varint(out, group.unstored_messages);
    append_varint(out, group.packets.size());
    std::uint64_t last = 0;
    for (const PacketEntry& packet : group.packets) {
      append_difference(out, last, packet.id);
      append_varint(out, packet.messages);
      last = packet.id;
    }
  }
  return out;
}

std::optional<std::vector<SettledGroup>> decode_settled(std::string_view payload) {
  std::vector<SettledGroup> groups;
  PayloadReader reader(payload);
  while (reader.ok() && !reader.at_end()) {
    SettledGroup& group = groups.emplace_back();
    group.analyzer = reader.text();
    group.as = static_cast<SettledAs>(reader.number<std::uint8_t>());
    group.unstored_messages = reader.varint();
    const std::uint64_t count = reader.varint();
    if (count > reader.left() / 2) return std::nullopt;
    group.packets.reserve(count);
    std::uint64_t last = 0;
    for (std::uint64_t index = 0; index < count && reader.ok(); ++index) {
      last = reader.difference(last);
      group.packets.push_back({last, static_cast<std::uint32_t>(reader.varint())});
    }
  }
  if (!reader.ok()) return std::nullopt;
  return groups;
}

void charge(BalanceFigures& figures, std::span<const SettledGroup> groups) {
  for (const SettledGroup& group : groups) {
    if (group.analyzer.empty()) continue;
    std::uint64_t messages = group.unstored_messages;
    for (const PacketEntry& packet : group.packets) messages += packet.messages;
    if (messages > 0) figures.charge(group.analyzer, messages);
  }
}

}  // namespace logdist::queue
