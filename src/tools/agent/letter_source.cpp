#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "logdist/base/base64.hpp"
#include "logdist/http/text.hpp"
#include "logdist/tools/agent/packet_source.hpp"
#include "tools/agent/packet_id.hpp"

namespace logdist::tools {
namespace {

using LetterJson = nlohmann::ordered_json;

/// Why a line is no dead letter, in one clause.
struct NoLetter {
  std::string why;
};

/// `name`, or `name_base64` where the bytes are no text; none of what is no base64.
std::optional<std::string> bytes_of(const LetterJson& letter, const std::string& name) {
  if (letter.contains(name)) return letter.at(name).get<std::string>();
  return from_base64(letter.at(name + "_base64").get<std::string>());
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char byte) { return byte >= 0x20 && byte < 0x7f; });
}

/// What the daemon takes as a header's value (RFC 9110, 5.5).
bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char byte) {
    const auto code = static_cast<unsigned char>(byte);
    return byte == '\t' || (code >= 0x20 && code != 0x7f);
  });
}

/// A path and a query, as in the request line.
bool is_target(std::string_view text) {
  return text.empty() || (text.starts_with('/') && is_printable(text) && text.find(' ') == text.npos);
}

/// What went along, but for the trace: that of the first time is over.
bool take_headers(OutgoingPacket& packet, const LetterJson& letter, const char* key, bool is_base64) {
  if (!letter.contains(key)) return true;
  for (const auto& [name, values] : letter.at(key).items()) {
    if (name == "traceparent" || name == "tracestate") continue;
    for (const LetterJson& value : values.is_array() ? values : LetterJson::array({values})) {
      const auto text = value.get<std::string>();
      std::optional<std::string> bytes = is_base64 ? from_base64(text) : text;
      if (!bytes || !logdist::http::is_token(name) || !is_field_value(*bytes)) return false;
      packet.headers.emplace_back(name, std::move(*bytes));
    }
  }
  return true;
}

/// The packet of a line, to be sent again: same id, bytes, content type and encoding, target and headers.
boost::system::result<OutgoingPacket, NoLetter> packet_of(std::string_view line) {
  const LetterJson letter = LetterJson::parse(line, nullptr, false);
  if (letter.is_discarded()) return NoLetter{"not JSON"};
  if (!letter.is_object()) return NoLetter{"not an object"};
  OutgoingPacket packet;
  try {
    packet.id = letter.at("packet_id").get<std::string>();
    std::optional<std::string> body = bytes_of(letter, "body");
    if (!body) return NoLetter{"body_base64 is no base64"};
    packet.body = std::move(*body);
    if (letter.contains("content_type") || letter.contains("content_type_base64")) {
      std::optional<std::string> type = bytes_of(letter, "content_type");
      if (!type || !is_field_value(*type)) return NoLetter{"content_type is no value of a header"};
      packet.content_type = std::move(*type);
    }
    packet.content_encoding = letter.value("content_encoding", std::string());
    packet.messages = letter.value("messages", std::uint32_t{0});
    packet.target = letter.value("target", std::string());
    if (!is_target(packet.target)) return NoLetter{"target is no path"};
    if (!take_headers(packet, letter, "headers", false) || !take_headers(packet, letter, "headers_base64", true))
      return NoLetter{"headers are not names with values of headers"};
  } catch (const nlohmann::json::exception&) {
    return NoLetter{"packet_id or body is missing, or of another type"};
  }
  if (packet.content_type.empty() && packet.target.empty()) packet.content_type = json_content_type;
  const auto is_visible = [](char byte) { return byte > 0x20 && byte < 0x7f; };
  if (packet.id.empty() || !std::all_of(packet.id.begin(), packet.id.end(), is_visible))
    return NoLetter{"packet_id is not visible ASCII"};
  if (!is_printable(packet.content_encoding)) return NoLetter{"content_encoding is not printable ASCII"};
  return packet;
}

}  // namespace

boost::system::result<std::unique_ptr<LetterSource>> LetterSource::open(const std::string& path) {
  os::FileDescriptor file = open_lines(path);
  if (!file.is_open()) return boost::system::error_code(errno, boost::system::system_category());
  return std::make_unique<LetterSource>(std::move(file));
}

std::optional<OutgoingPacket> LetterSource::next() {
  while (reader_.take(never) == LineReader::Taken::line) {
    ++lines_;
    const bool cut = reader_.is_cut();
    const std::string line = reader_.line();
    if (line.empty()) continue;
    auto packet = cut ? boost::system::result<OutgoingPacket, NoLetter>(NoLetter{"too long"}) : packet_of(line);
    if (packet) return std::move(*packet);
    if (++no_letters_ == 1) first_failure_ = fmt::format("line {}: {}", lines_, packet.error().why);
  }
  return std::nullopt;
}

std::string LetterSource::failure() const {
  if (!reader_.failure().empty()) return reader_.failure();
  if (no_letters_ == 0) return {};
  return fmt::format("lines that are no dead letters: {}; the first: {}", no_letters_, first_failure_);
}

}  // namespace logdist::tools
