#include "logdist/http/trace_context.hpp"

#include <algorithm>

#include <boost/container/static_vector.hpp>

#include "http/bytes.hpp"
#include "logdist/http/text.hpp"

namespace logdist::http {
namespace {

constexpr std::size_t key_size_max = 256;
constexpr std::size_t value_size_max = 256;
constexpr std::string_view key_signs = "_-*/@";

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char byte) { return is_digit(byte) || (byte >= 'a' && byte <= 'f'); });
}

bool is_id(std::string_view text) { return is_lower_hex(text) && text.find_first_not_of('0') != text.npos; }

bool is_lower_or_digit(char byte) { return is_digit(byte) || (byte >= 'a' && byte <= 'z'); }

bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= key_size_max && is_lower_or_digit(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char byte) { return is_lower_or_digit(byte) || key_signs.find(byte) != key_signs.npos; });
}

bool is_value(std::string_view text) {
  return !text.empty() && text.size() <= value_size_max &&
         std::all_of(text.begin(), text.end(), [](char byte) { return byte >= ' ' && byte <= '~' && byte != '='; });
}

}  // namespace

bool is_traceparent(std::string_view value) {
  return value.size() == traceparent_size && value[2] == '-' && value[35] == '-' && value[52] == '-' &&
         is_lower_hex(value.substr(0, 2)) && value.substr(0, 2) != "ff" && is_id(value.substr(3, 32)) &&
         is_id(value.substr(36, 16)) && is_lower_hex(value.substr(53, 2));
}

bool is_tracestate(std::span<const std::string_view> lines) {
  std::size_t size = lines.empty() ? 0 : lines.size() - 1;
  for (const std::string_view line : lines) size += line.size();
  if (size > tracestate_size_max) return false;
  boost::container::static_vector<std::string_view, tracestate_members_max> keys;
  for (std::string_view rest : lines) {
    while (!rest.empty()) {
      const std::string_view member = next_element(rest);
      if (member.empty()) continue;
      const std::size_t equals = member.find('=');
      if (equals == member.npos || keys.size() == keys.capacity()) return false;
      const std::string_view key = member.substr(0, equals);
      if (!is_key(key) || !is_value(member.substr(equals + 1)) || std::ranges::count(keys, key) > 0) return false;
      keys.push_back(key);
    }
  }
  return true;
}

}  // namespace logdist::http
