#include "logdist/http/media_type.hpp"

#include <algorithm>
#include <iterator>

#include "http/bytes.hpp"
#include "logdist/http/text.hpp"

namespace logdist::http {
namespace {

struct Parameter {
  std::string_view name;
  std::string_view value;  ///< without its quotes; what is escaped in it stays so
};

/// Bytes of the quoted string that `text` begins with; npos when it does not end.
std::size_t quoted_size(std::string_view text) {
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') return at + 1;
    if (text[at] == '\\') ++at;
  }
  return text.npos;
}

/// Cuts off the first of `;`-led parameters; a name without a value for an empty one.
/// None when it is malformed.
std::optional<Parameter> next_parameter(std::string_view& text) {
  text = trim(text);
  if (!text.starts_with(';')) return std::nullopt;
  text = trim(text.substr(1));
  if (text.empty() || text.starts_with(';')) return Parameter{};
  const std::size_t equals = text.find('=');
  if (equals == text.npos || !is_token(text.substr(0, equals))) return std::nullopt;
  Parameter parameter{text.substr(0, equals), {}};
  text.remove_prefix(equals + 1);
  if (text.starts_with('"')) {
    const std::size_t size = quoted_size(text);
    if (size == text.npos) return std::nullopt;
    parameter.value = text.substr(1, size - 2);
    text.remove_prefix(size);
    return parameter;
  }
  const auto* const end = std::find_if_not(text.begin(), text.end(), is_token_byte);
  parameter.value = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(parameter.value.size());
  return parameter.value.empty() ? std::nullopt : std::optional(parameter);
}

/// US-ASCII is a part of UTF-8.
bool is_utf_8_charset(std::string_view name) {
  static constexpr std::string_view names[] = {"utf-8", "utf8", "us-ascii", "ascii"};
  return std::any_of(std::begin(names), std::end(names),
                     [name](std::string_view known) { return iequals(name, known); });
}

}  // namespace

std::string_view media_type(std::string_view content_type) {
  return trim(content_type.substr(0, content_type.find(';')));
}

bool is_utf_8(std::string_view content_type) {
  const std::size_t begin = content_type.find(';');
  const std::string_view parameters = begin == content_type.npos ? std::string_view() : content_type.substr(begin);
  for (std::string_view rest = trim(parameters); !rest.empty(); rest = trim(rest)) {
    const std::optional<Parameter> parameter = next_parameter(rest);
    if (!parameter) return !icontains(parameters, "charset");
    if (iequals(parameter->name, "charset") && !is_utf_8_charset(parameter->value)) return false;
  }
  return true;
}

}  // namespace logdist::http
