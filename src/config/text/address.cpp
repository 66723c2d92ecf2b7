// Listen addresses and URLs. Boost.URL knows the grammar (RFC 3986); what we
// add is what this daemon can serve.
#include <fmt/format.h>

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <filesystem>
#include <optional>

#include "logdist/base/ip_address.hpp"
#include "logdist/config/text/text.hpp"

namespace logdist::config {
namespace {

constexpr std::size_t host_length_max = 253;  // of a domain name (RFC 1035)
constexpr std::size_t url_length_max = 2048;

std::string_view std_view(boost::urls::string_view view) { return {view.data(), view.size()}; }

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

/// The host of a URL or of an authority, an IPv6 address without its brackets;
/// none when it is empty or nothing a resolver takes.
template <typename View>
std::optional<std::string> usable_host(const View& view) {
  using boost::urls::host_type;
  if (view.host_type() == host_type::ipvfuture || view.host_type() == host_type::none) return std::nullopt;
  const std::string_view host = std_view(view.encoded_host_address());
  if (host.empty() || host.size() > host_length_max) return std::nullopt;
  if (view.host_type() == host_type::name) {
    static constexpr std::string_view name_characters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (host.find_first_not_of(name_characters) != host.npos) return std::nullopt;
  }
  return std::string(host);
}

}  // namespace

Parsed<ListenAddress> parse_listen_address(std::string_view text) {
  const bool any_host = text.starts_with(':');
  const std::string with_host = any_host ? fmt::format("0.0.0.0{}", text) : std::string(text);
  const auto authority = boost::urls::parse_authority(with_host);
  if (!authority || authority->has_userinfo()) return ValueError{quote(text) + " is not an address"};
  if (!authority->has_port()) return ValueError{quote(text) + " has no port"};
  const auto port = parse_port(std_view(authority->port()));
  if (!port) return ValueError{quote(text) + " has no port from 0 to 65535"};
  auto host = usable_host(*authority);
  if (!host) return ValueError{quote(text) + " has no usable host"};
  return ListenAddress{std::move(*host), *port};
}

namespace {

constexpr std::string_view unix_scheme = "unix:";
constexpr std::size_t listen_addresses_max = 16;
constexpr std::size_t socket_path_length_max = 107;  // sockaddr_un holds as much, and a zero

Parsed<ListenAddress> parse_unix_address(std::string_view text) {
  const std::string_view path = text.substr(unix_scheme.size());
  const bool printable = std::ranges::none_of(path, [](unsigned char character) { return character < 0x20; });
  if (!path.starts_with('/') || path.ends_with('/') || !printable) {
    return ValueError{quote(text) + " has no absolute path of a file"};
  }
  if (path.size() > socket_path_length_max) return ValueError{quote(text) + " has a path longer than 107 bytes"};
  return ListenAddress{"", 0, std::string(path)};
}

}  // namespace

Parsed<std::vector<ListenAddress>> parse_listen_addresses(std::string_view text) {
  std::vector<ListenAddress> addresses;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::string_view one = text.substr(begin, end - begin);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    auto address = one.starts_with(unix_scheme) ? parse_unix_address(one) : parse_listen_address(one);
    if (!address) return address.error();
    const bool any_port = !address->is_unix() && address->port == 0;
    if (!any_port && std::ranges::count(addresses, *address) > 0) return ValueError{quote(one) + " is given twice"};
    addresses.push_back(std::move(*address));
    begin = end + 1;
  }
  if (addresses.size() > listen_addresses_max) return ValueError{"has more than 16 addresses"};
  return addresses;
}

Parsed<HttpUrl> parse_url(std::string_view text) {
  if (text.size() > url_length_max) return ValueError{quote(text) + " is too long"};
  const auto url = boost::urls::parse_uri(boost::urls::string_view(text.data(), text.size()));
  if (!url) return ValueError{quote(text) + " is not a URL"};
  // Before all that shows the text: it may hold a password.
  if (url->has_userinfo()) return ValueError{"names a user, which is never sent to an analyzer"};
  const bool is_tls = url->scheme_id() == boost::urls::scheme::https;
  if (!is_tls && url->scheme_id() != boost::urls::scheme::http) {
    return ValueError{quote(text) + " does not start with http:// or https://"};
  }
  if (url->has_fragment()) return ValueError{quote(text) + " has a fragment (#…), which is never sent"};
  auto host = usable_host(*url);
  if (!host) return ValueError{quote(text) + " has no usable host"};

  HttpUrl parsed{std::move(*host), is_tls ? "443" : "80", std::string(std_view(url->encoded_target())), is_tls};
  if (url->has_port() && !url->port().empty()) {
    const auto port = parse_port(std_view(url->port()));
    if (!port || *port == 0) return ValueError{quote(text) + " has no port from 1 to 65535"};
    parsed.port = std::to_string(*port);
  }
  // Boost.URL takes `host:name` for an empty port and a path.
  if (parsed.target.find_first_of("/?") != 0 && !parsed.target.empty()) {
    return ValueError{quote(text) + " has no port from 1 to 65535"};
  }
  if (!parsed.target.starts_with('/')) parsed.target.insert(0, 1, '/');
  return parsed;
}

Parsed<HttpUrl> parse_http_url(std::string_view text) {
  auto url = parse_url(text);
  if (url && url->is_tls) return ValueError{quote(text) + ": only http:// is spoken here"};
  return url;
}

Parsed<HttpUrl> parse_typed_url(std::string_view text) {
  const std::string_view before_path = text.substr(0, text.find_first_of("/?#"));
  // `http:` has nothing behind its colon, and of a mere word nobody knows what it is.
  const bool has_port = before_path.find(':') != text.npos && !before_path.ends_with(':');
  return parse_url(has_port ? "http://" + std::string(text) : std::string(text));
}

bool is_v6_only(const ListenAddress& address, std::span<const ListenAddress> addresses) {
  const auto is_v6 = [](const ListenAddress& any) { return any.host.find(':') != std::string::npos; };
  if (address.is_unix() || address.port == 0 || !is_v6(address)) return false;
  return std::ranges::any_of(addresses, [&](const ListenAddress& other) {
    return !other.is_unix() && other.port == address.port && !is_v6(other);
  });
}

bool conflict(const ListenAddress& one, bool one_v6_only, const ListenAddress& other, bool other_v6_only) {
  if (one.is_unix() || other.is_unix()) {
    return std::filesystem::path(one.path).lexically_normal() == std::filesystem::path(other.path).lexically_normal();
  }
  if (one.port != other.port || one.port == 0) return false;
  const auto first = IpAddress::parse(one.host);
  const auto second = IpAddress::parse(other.host);
  if (!first || !second) return one.host == other.host;
  const auto is_any = [](const IpAddress& ip) { return ip == IpAddress::from_v4({}) || ip == IpAddress::from_v6({}); };
  if (first->is_v4() == second->is_v4()) return is_any(*first) || is_any(*second) || *first == *second;
  return first->is_v4() ? is_any(*second) && !other_v6_only : is_any(*first) && !one_v6_only;
}

bool is_loopback(const ListenAddress& address) {
  if (address.is_unix() || address.host == "localhost") return true;
  const auto ip = IpAddress::parse(address.host);
  if (!ip) return false;
  constexpr std::uint8_t v4_loopback = 127;  // 127.0.0.0/8, as IPv6 maps it
  if (ip->is_v4()) return ip->bytes()[12] == v4_loopback;
  return *ip == IpAddress::parse("::1");
}

std::string format_listen_address(const ListenAddress& address) {
  if (address.is_unix()) return fmt::format("{}{}", unix_scheme, address.path);
  const bool ipv6 = address.host.find(':') != std::string::npos;
  return ipv6 ? fmt::format("[{}]:{}", address.host, address.port) : fmt::format("{}:{}", address.host, address.port);
}

std::string host_header(std::string_view host, std::string_view port, bool is_tls) {
  const bool ipv6 = host.find(':') != host.npos;
  std::string header = ipv6 ? fmt::format("[{}]", host) : std::string(host);
  if (port != (is_tls ? "443" : "80")) header.append(":").append(port);
  return header;
}

}  // namespace logdist::config
