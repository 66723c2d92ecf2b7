#include "logdist/sink/dead_letters/kept_letter.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/chrono.h>
#include <simdjson.h>
#include <nlohmann/json.hpp>

#include "logdist/base/base64.hpp"

namespace logdist::sink {
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

bool is_utf_8(std::string_view bytes) { return simdjson::validate_utf8(bytes.data(), bytes.size()); }

/// As a string, or in base64 under another name: JSON is UTF-8, and bytes are kept as they are.
void put_bytes(LetterJson& line, const std::string& name, std::string_view bytes) {
  if (is_utf_8(bytes)) {
    line[name] = bytes;
  } else {
    line[name + "_base64"] = to_base64(bytes);
  }
}

/// The values of each name, in their order: one, or a list of several.
void put_headers(LetterJson& line, const std::vector<std::pair<std::string, std::string>>& headers) {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : headers) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  for (const std::string_view wanted : names) {
    bool is_text = true;
    for (const auto& [name, value] : headers) is_text = is_text && (name != wanted || is_utf_8(value));
    LetterJson values = LetterJson::array();
    for (const auto& [name, value] : headers) {
      if (name == wanted) values.push_back(is_text ? value : to_base64(value));
    }
    line[is_text ? "headers" : "headers_base64"][std::string(wanted)] = values.size() == 1 ? values[0] : values;
  }
}

}  // namespace

std::size_t KeptLetter::bytes() const {
  std::size_t bytes = sizeof(KeptLetter) + body.size() + target.size() + analyzers.size() * 128;
  for (const auto& [name, value] : headers) bytes += sizeof(headers.front()) + name.size() + value.size();
  return bytes;
}

std::string line_of(const KeptLetter& letter) {
  LetterJson analyzers = LetterJson::array();
  for (const KeptLetter::Attempt& attempt : letter.analyzers) analyzers.push_back(to_json(attempt));
  LetterJson line = {{"time", time_text(letter.dead_lettered_at)},
                     {"packet_id", letter.packet_id},
                     {"reason", to_string(letter.reason)},
                     {"messages", letter.messages},
                     {"attempts", letter.attempts},
                     {"admitted_at", time_text(letter.admitted_at)}};
  put_bytes(line, "content_type", letter.content_type);
  if (!letter.content_encoding.empty()) line["content_encoding"] = letter.content_encoding;
  if (!letter.format.empty()) line["format"] = letter.format;
  if (!letter.target.empty()) line["target"] = letter.target;
  put_headers(line, letter.headers);
  line["analyzers"] = std::move(analyzers);
  put_bytes(line, "body", letter.body);
  return line.dump(-1, ' ', false, LetterJson::error_handler_t::replace);
}

}  // namespace logdist::sink
