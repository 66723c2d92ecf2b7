#include "logdist/sink/dead_letters/kept_letter.hpp"

#include <algorithm>

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
                     {"admitted_at", time_text(letter.admitted_at)},
                     {"content_type", letter.content_type}};
  if (!letter.content_encoding.empty()) line["content_encoding"] = letter.content_encoding;
  if (!letter.format.empty()) line["format"] = letter.format;
  if (!letter.target.empty()) line["target"] = letter.target;
  for (const auto& [name, value] : letter.headers) line["headers"][name] = value;
  line["analyzers"] = std::move(analyzers);
  if (simdjson::validate_utf8(letter.body.data(), letter.body.size())) {
    line["body"] = letter.body;
  } else {
    line["body_base64"] = to_base64(letter.body);
  }
  return line.dump(-1, ' ', false, LetterJson::error_handler_t::replace);
}

}  // namespace logdist::sink
