#include "logdist/http/text.hpp"

#include <algorithm>

#include "http/bytes.hpp"

namespace logdist::http {
namespace {

char lower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : byte; }

}  // namespace

bool is_token(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_token_byte); }

bool iequals(std::string_view one, std::string_view other) {
  return one.size() == other.size() &&
         std::equal(one.begin(), one.end(), other.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

bool icontains(std::string_view text, std::string_view what) {
  return std::search(text.begin(), text.end(), what.begin(), what.end(),
                     [](char a, char b) { return lower(a) == b; }) != text.end();
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view next_element(std::string_view& list) {
  const std::size_t comma = list.find(',');
  const std::string_view element = list.substr(0, comma);
  list = comma == list.npos ? std::string_view() : list.substr(comma + 1);
  return trim(element);
}

std::size_t empty_lines_size(std::string_view bytes) {
  std::size_t size = 0;
  while (bytes.substr(size, 2) == "\r\n") size += 2;
  return size;
}

}  // namespace logdist::http
