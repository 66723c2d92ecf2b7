#include "app/kept_letter.hpp"

#include <algorithm>

#include <fmt/chrono.h>
#include <nlohmann/json.hpp>

#include "app/packet_id.hpp"

namespace logdist::app {
namespace {

using LetterJson = nlohmann::ordered_json;

/// RFC 3339, UTC, to the millisecond.
std::string time_text(KeptLetter::Time time) {
  const auto at = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto second = std::chrono::floor<std::chrono::seconds>(at);
  return fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(second)),
                     (at - second).count());
}

LetterJson to_json(const KeptLetter::Attempt& attempt) {
  return {{"analyzer", attempt.analyzer},
          {"outcome", to_string(attempt.outcome)},
          {"status", attempt.status},
          {"cause", attempt.cause},
          {"at", time_text(attempt.at)}};
}

}  // namespace

std::size_t KeptLetter::bytes() const { return sizeof(KeptLetter) + body.size() + analyzers.size() * 128; }

std::string line_of(const KeptLetter& letter) {
  LetterJson analyzers = LetterJson::array();
  for (const KeptLetter::Attempt& attempt : letter.analyzers) analyzers.push_back(to_json(attempt));
  const LetterJson line = {{"time", time_text(letter.dead_lettered_at)},
                           {"packet_id", letter.packet_id},
                           {"reason", to_string(letter.reason)},
                           {"messages", letter.messages},
                           {"attempts", letter.attempts},
                           {"admitted_at", time_text(letter.admitted_at)},
                           {"content_type", letter.content_type},
                           {"analyzers", std::move(analyzers)},
                           {"body", letter.body}};
  return line.dump(-1, ' ', false, LetterJson::error_handler_t::replace);
}

boost::system::result<OutgoingPacket, NoLetter> packet_of(std::string_view line) {
  const LetterJson letter = LetterJson::parse(line, nullptr, false);
  if (letter.is_discarded()) return NoLetter{"not JSON"};
  if (!letter.is_object()) return NoLetter{"not an object"};
  OutgoingPacket packet;
  try {
    packet.id = letter.at("packet_id").get<std::string>();
    packet.body = letter.at("body").get<std::string>();
    packet.content_type = letter.value("content_type", std::string(json_content_type));
    packet.messages = letter.value("messages", std::uint32_t{0});
  } catch (const LetterJson::exception&) {
    return NoLetter{"packet_id or body is missing, or of another type"};
  }
  if (packet.content_type.empty()) packet.content_type = json_content_type;
  const auto is_visible = [](char byte) { return byte > 0x20 && byte < 0x7f; };
  if (packet.id.empty() || !std::all_of(packet.id.begin(), packet.id.end(), is_visible))
    return NoLetter{"packet_id is not visible ASCII"};
  const auto is_of_a_field = [](char byte) { return byte >= 0x20 && byte < 0x7f; };
  if (!std::all_of(packet.content_type.begin(), packet.content_type.end(), is_of_a_field))
    return NoLetter{"content_type is not printable ASCII"};
  return packet;
}

}  // namespace logdist::app
