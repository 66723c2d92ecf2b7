#include "logdist/http/authority.hpp"

#include <algorithm>
#include <cstddef>

#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>

#include "http/bytes.hpp"

namespace logdist::http {
namespace {

bool is_ipv4(std::string_view text) { return boost::urls::parse_ipv4_address({text.data(), text.size()}).has_value(); }

bool is_ipv6(std::string_view text) { return boost::urls::parse_ipv6_address({text.data(), text.size()}).has_value(); }

bool is_port(std::string_view text) {
  unsigned port = 0;
  for (const char digit : text) {
    if (!is_digit(digit)) return false;
    port = port * 10 + static_cast<unsigned>(digit - '0');
    if (port > 65'535) return false;
  }
  return true;
}

/// Each `%` is followed by two hexadecimal digits.
bool escapes_are_whole(std::string_view name) {
  for (std::size_t at = name.find('%'); at != name.npos; at = name.find('%', at + 1)) {
    if (at + 2 >= name.size() || hex_value(name[at + 1]) > 15 || hex_value(name[at + 2]) > 15) return false;
  }
  return true;
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) {
  Authority authority;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return std::nullopt;
    authority.host = text.substr(1, end - 1);
    authority.in_brackets = true;
    rest = text.substr(end + 1);
    if (!is_ipv6(authority.host)) return std::nullopt;
  } else {
    const auto end = std::find_if_not(text.begin(), text.end(), [](char byte) { return is_in(byte, host_byte); });
    authority.host = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    rest = text.substr(authority.host.size());
    if (!escapes_are_whole(authority.host)) return std::nullopt;
  }
  if (rest.empty()) return authority;
  authority.port = rest.substr(1);
  if (rest.front() != ':' || authority.host.empty() || !is_port(authority.port)) return std::nullopt;
  return authority;
}

bool is_address(const Authority& authority) { return authority.in_brackets || is_ipv4(authority.host); }

}  // namespace logdist::http
