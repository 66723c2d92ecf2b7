#include "logdist/net/proxy_header.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace logdist::net {
namespace {

using Progress = ProxyHeader::Progress;

constexpr std::string_view v1_prefix = "PROXY ";
constexpr std::string_view v2_signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t v2_fixed_size = 16;

ProxyHeader malformed(std::string_view error) {
  ProxyHeader header;
  header.progress = Progress::malformed;
  header.error = error;
  return header;
}

/// The text up to the next blank, taken off `line` with it.
std::string_view take_word(std::string_view& line) {
  const std::size_t blank = line.find(' ');
  const std::string_view word = line.substr(0, blank);
  line.remove_prefix(blank == line.npos ? line.size() : blank + 1);
  return word;
}

std::optional<std::uint16_t> parse_proxy_port(std::string_view text) {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

/// IPv6 may map an IPv4 address: it is IPv6 by its writing.
std::optional<IpAddress> parse_address_of(bool v6, std::string_view text) {
  if (v6 != (text.find(':') != text.npos)) return std::nullopt;
  return IpAddress::parse(text);
}

ProxyHeader parse_v1(std::string_view bytes) {
  const std::size_t end = bytes.substr(0, ProxyHeader::v1_size_max).find("\r\n");
  if (end == bytes.npos) {
    return bytes.size() < ProxyHeader::v1_size_max ? ProxyHeader{}
                                                   : malformed("the PROXY line is longer than 107 bytes");
  }
  ProxyHeader header;
  header.progress = Progress::complete;
  header.size = end + 2;
  std::string_view line = bytes.substr(v1_prefix.size(), end - v1_prefix.size());
  const bool ends_with_blank = line.ends_with(' ');
  const std::string_view family = take_word(line);
  if (family == "UNKNOWN") return header;  // what follows is to be ignored
  if (family != "TCP4" && family != "TCP6") return malformed("the PROXY line names an unknown family");
  const bool v6 = family == "TCP6";
  const auto source = parse_address_of(v6, take_word(line));
  const auto destination = parse_address_of(v6, take_word(line));
  const auto source_port = parse_proxy_port(take_word(line));
  const auto destination_port = parse_proxy_port(take_word(line));
  if (!source || !destination) return malformed("the PROXY line does not have two addresses of its family");
  if (!source_port || !destination_port || !line.empty() || ends_with_blank) {
    return malformed("the PROXY line does not end with two ports");
  }
  header.source = *source;
  header.source_port = *source_port;
  return header;
}

std::size_t big_endian(std::string_view bytes) {
  return static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) << 8 | static_cast<unsigned char>(bytes[1]);
}

template <std::size_t size>
std::array<std::uint8_t, size> address_bytes(std::string_view bytes) {
  std::array<std::uint8_t, size> result{};
  std::ranges::copy(bytes.substr(0, size), result.begin());
  return result;
}

/// Families 0 to 3: unspecified, IPv4, IPv6, unix. Source and destination, then the ports.
constexpr std::array<std::size_t, 4> addresses_size{0, 12, 36, 216};

ProxyHeader parse_v2(std::string_view bytes) {
  if (bytes.size() < v2_fixed_size) return {};
  const auto version_and_command = static_cast<unsigned char>(bytes[12]);
  const auto family_and_transport = static_cast<unsigned char>(bytes[13]);
  const std::size_t rest = big_endian(bytes.substr(14));
  if (version_and_command >> 4 != 2) return malformed("the PROXY header is of an unknown version");
  const unsigned command = version_and_command & 0xf;
  if (command > 1) return malformed("the PROXY header has an unknown command");
  if (rest > ProxyHeader::v2_rest_max) return malformed("the PROXY header is longer than 4096 bytes");
  const unsigned family = family_and_transport >> 4;
  const unsigned transport = family_and_transport & 0xf;
  const bool is_proxied = command == 1;
  if (is_proxied && (family > 3 || transport > 2)) return malformed("the PROXY header names an unknown family");
  if (is_proxied && transport == 2) return malformed("the PROXY header is for datagrams");
  if (is_proxied && rest < addresses_size[family]) return malformed("the PROXY header is too short for its addresses");
  if (bytes.size() < v2_fixed_size + rest) return {};

  ProxyHeader header;
  header.progress = Progress::complete;
  header.size = v2_fixed_size + rest;
  const std::string_view addresses = bytes.substr(v2_fixed_size, rest);
  if (!is_proxied || transport != 1) return header;
  if (family == 1) {
    header.source = IpAddress::from_v4(address_bytes<4>(addresses));
    header.source_port = static_cast<std::uint16_t>(big_endian(addresses.substr(8)));
  } else if (family == 2) {
    header.source = IpAddress::from_v6(address_bytes<16>(addresses));
    header.source_port = static_cast<std::uint16_t>(big_endian(addresses.substr(32)));
  }
  return header;
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view bytes) {
  if (bytes.starts_with(v1_prefix)) return parse_v1(bytes);
  if (bytes.starts_with(v2_signature)) return parse_v2(bytes);
  if (v1_prefix.starts_with(bytes) || v2_signature.starts_with(bytes)) return {};
  return malformed("the connection does not begin with a PROXY header");
}

}  // namespace logdist::net
