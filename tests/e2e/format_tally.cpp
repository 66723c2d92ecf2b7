#include "tests/e2e/format_tally.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_map>
#include <unordered_set>

namespace logdist::e2e {

std::vector<std::string> FormatTally::faults() const {
  std::vector<std::string> faults;
  const char* name = to_string(format);
  if (accepted.packets == 0) faults.push_back(fmt::format("no packet of {} was accepted", name));
  if (accepted.packets != taken.packets + kept.packets || accepted.messages != taken.messages + kept.messages) {
    faults.push_back(fmt::format(
        "of {} packets and {} messages of {} that were accepted, {} and {} were taken, {} and "
        "{} are dead letters",
        accepted.packets, accepted.messages, name, taken.packets, taken.messages, kept.packets, kept.messages));
  }
  if (!misdirected.empty()) {
    faults.push_back(
        fmt::format("{} packets of {} were taken as another format, or by an analyzer that does not take "
                    "it, {}…",
                    misdirected.size(), name, misdirected.front()));
  }
  const auto within = [](double received, std::uint64_t least, std::uint64_t most) {
    return static_cast<double>(least) <= received && received <= static_cast<double>(most);
  };
  if (!within(received_packets, answered.packets, sent.packets) ||
      !within(received_messages, answered.messages, sent.messages)) {
    faults.push_back(fmt::format(
        "{} packets and {} messages of {} are counted as received; {} and {} were answered, "
        "{} and {} sent",
        received_packets, received_messages, name, answered.packets, answered.messages, sent.packets, sent.messages));
  }
  return faults;
}

std::vector<KeptLetter> kept_letters(const std::vector<std::string>& lines) {
  std::vector<KeptLetter> letters;
  for (const std::string& line : lines) {
    const nlohmann::json letter = nlohmann::json::parse(line);
    letters.push_back({letter.at("packet_id").get<std::string>(), letter.value("format", std::string())});
  }
  return letters;
}

std::vector<FormatTally> tally_formats(const std::vector<core::Protocol>& formats, const std::vector<Sent>& sent,
                                       const std::vector<Taker>& takers, const std::vector<KeptLetter>& letters,
                                       const Samples& samples) {
  std::unordered_map<std::string, core::Protocol> format_of;
  for (const Sent& packet : sent) format_of.emplace(packet.id, packet.format);
  std::unordered_set<std::string> taken;
  std::unordered_set<std::string> misdirected;
  for (const Taker& taker : takers) {
    for (const Entry& entry : taker.entries) {
      const auto found = format_of.find(entry.id);
      if (found == format_of.end()) continue;  // compare() says so
      const bool is_right = entry.format == to_string(found->second) && taker.takes.has(found->second);
      if (entry.taken) (is_right ? taken : misdirected).insert(entry.id);
    }
  }
  std::unordered_set<std::string> kept;
  for (const KeptLetter& letter : letters) {
    const auto found = format_of.find(letter.id);
    const std::string format = letter.format.empty() ? to_string(core::Protocol::packet) : letter.format;
    if (found != format_of.end() && format == to_string(found->second)) kept.insert(letter.id);
  }
  std::vector<FormatTally> tallies;
  for (const core::Protocol format : formats) {
    FormatTally& tally = tallies.emplace_back();
    tally.format = format;
    for (const Sent& packet : sent) {
      if (packet.format != format) continue;
      tally.sent.add(packet.messages);
      if (packet.status != 0) tally.answered.add(packet.messages);
      if (misdirected.contains(packet.id)) tally.misdirected.push_back(packet.id);
      if (!packet.accepted()) continue;
      tally.accepted.add(packet.messages);
      if (taken.contains(packet.id)) {
        tally.taken.add(packet.messages);
      } else if (kept.contains(packet.id)) {
        tally.kept.add(packet.messages);
      }
    }
    const std::string label = fmt::format("{{format=\"{}\"}}", to_string(format));
    tally.received_packets = samples.value("logdist_packets_received_total" + label);
    tally.received_messages = samples.value("logdist_messages_received_total" + label);
  }
  return tallies;
}

}  // namespace logdist::e2e
