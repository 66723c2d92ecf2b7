#include "config/value_types.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/url/parse.hpp>
#include <charconv>
#include <cmath>

#include "logdist/config/text/secret.hpp"

namespace logdist::config {
namespace {

constexpr std::size_t headers_max = 64;
constexpr std::size_t header_name_length_max = 256;
constexpr std::size_t header_value_length_max = 4096;

/// What the daemon itself says with every packet.
constexpr std::array<std::string_view, 10> reserved_headers{
    "Host",       "Content-Length",  "Content-Type",    "Content-Encoding", "Transfer-Encoding",
    "Connection", "Idempotency-Key", "Packet-Messages", "Packet-Format",    "Packet-Target"};
constexpr std::array<std::string_view, 4> passed_on_headers{"Packet-Replay", "Via", "traceparent", "tracestate"};

// Of ECMA 262, for the JSON Schema: a name or an address, and a port from 1 to 65535.
constexpr std::string_view host_pattern = "([A-Za-z0-9._-]+|\\[[^\\]@]+\\])";
constexpr std::string_view port_pattern =
    "0*([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";

ValueError out_of_range(std::string_view text) { return {quote(text) + " is out of range"}; }

}  // namespace

std::string Whole::allowed() const { return fmt::format("a whole number from {} to {}", min, max); }

Parsed<std::uint64_t> Whole::parse(std::string_view text) const {
  std::uint64_t value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error == std::errc::invalid_argument || end != last) return ValueError{quote(text) + " is not a whole number"};
  if (error != std::errc{} || value < min || value > max) return out_of_range(text);
  return value;
}

std::string Real::allowed() const { return fmt::format("a number from {} to {}", min, max); }

OptionalError Real::assign(double& field, std::string_view text) const {
  double value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error == std::errc::invalid_argument || end != last) return ValueError{quote(text) + " is not a number"};
  if (error != std::errc{} || !std::isfinite(value) || value < min || value > max) return out_of_range(text);
  field = value;
  return std::nullopt;
}

std::string Real::show(double value) const { return fmt::format("{}", value); }

std::string Size::allowed() const {
  const bool just_below = (max + 1) % MiB == 0;
  const std::string upper = just_below ? "just under " + format_size(max + 1) : format_size(max);
  return fmt::format("a size from {} to {}, such as 64KiB or 10MiB", format_size(min), upper);
}

OptionalError Size::assign(std::size_t& field, std::string_view text) const {
  const auto value = parse_size(text);
  if (!value) return value.error();
  if (*value < min || *value > max) return out_of_range(text);
  field = *value;
  return std::nullopt;
}

std::string Rate::allowed() const {
  const std::string or_none = min == 0 ? ", or unlimited" : "";
  const std::string example = unit == RateUnit::bytes ? "1KiB/s" : "500/s";
  return fmt::format("a rate from {} to {}, such as {}{}", format_rate(std::max<std::uint64_t>(min, 1), unit),
                     format_rate(max, unit), example, or_none);
}

std::string Rate::pattern() const {
  const std::string amount = unit == RateUnit::bytes ? "0*[1-9][0-9]*(B|KiB|MiB|GiB)?/s" : "0*[1-9][0-9]*/s";
  return min == 0 ? fmt::format("^({}|unlimited)$", amount) : fmt::format("^{}$", amount);
}

OptionalError Rate::assign(std::uint64_t& field, std::string_view text) const {
  const auto value = parse_rate(text, unit);
  if (!value) return value.error();
  const bool is_none = *value == 0 && text.find_first_of("0123456789") == text.npos;
  if (is_none ? min > 0 : *value < std::max<std::uint64_t>(min, 1) || *value > max) return out_of_range(text);
  field = *value;
  return std::nullopt;
}

std::string Span::allowed() const {
  const std::string lower = min == Duration::zero() ? "0" : format_duration(min);
  return fmt::format("a duration from {} to {}, such as 250ms, 5s or 2m", lower, format_duration(max));
}

std::string Span::pattern() const {
  return min == Duration::zero() ? "^(0+|[0-9]+(us|ms|s|m|h))$" : "^0*[1-9][0-9]*(us|ms|s|m|h)$";
}

OptionalError Span::assign(Duration& field, std::string_view text) const {
  const auto value = parse_duration(text);
  if (!value) return value.error();
  if (*value < min || *value > max) return out_of_range(text);
  field = *value;
  return std::nullopt;
}

OptionalError Sync::assign(SyncPolicy& field, std::string_view text) const {
  if (text == "always" || text == "off") {
    field = {text == "always", Duration::zero()};
    return std::nullopt;
  }
  Duration value{};
  if (parse_duration(text)) {
    auto error = interval.assign(value, text);
    if (!error) field = {true, value};
    return error;
  }
  return ValueError{quote(text) + " is unknown"};
}

OptionalError Text::assign(std::string& field, std::string_view text) const {
  auto error = check(text);
  if (!error) field = text;
  return error;
}

OptionalError Address::assign(ListenAddress& field, std::string_view text) const {
  auto address = parse_listen_address(text);
  if (!address) return address.error();
  field = std::move(*address);
  return std::nullopt;
}

std::string Address::pattern() const { return fmt::format("^({})?:(0+|{})$", host_pattern, port_pattern); }

std::string Addresses::pattern() const {
  const std::string one = fmt::format("(({})?:(0+|{})|unix:/[^,]+)", host_pattern, port_pattern);
  return fmt::format("^ *{0}( *, *{0})* *$", one);
}

OptionalError Addresses::assign(std::vector<ListenAddress>& field, std::string_view text) const {
  auto addresses = parse_listen_addresses(text);
  if (!addresses) return addresses.error();
  field = std::move(*addresses);
  return std::nullopt;
}

std::string Addresses::show(const std::vector<ListenAddress>& value) const {
  std::string text;
  for (const ListenAddress& address : value) text += (text.empty() ? "" : ", ") + format_listen_address(address);
  return text;
}

OptionalError Networks::assign(std::vector<Network>& field, std::string_view text) const {
  constexpr std::size_t networks_max = 64;
  std::vector<Network> networks;
  for (std::size_t begin = 0; !text.empty() && begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::string_view one = text.substr(begin, end - begin);
    begin = end + 1;
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    const auto network = Network::parse(one);
    if (!network) return ValueError{quote(one) + " is not a network: ADDRESS/BITS, and no bits beyond those"};
    networks.push_back(*network);
  }
  if (networks.size() > networks_max) return ValueError{"has more than 64 networks"};
  field = std::move(networks);
  return std::nullopt;
}

std::string Networks::show(const std::vector<Network>& value) const {
  std::string text;
  for (const Network& network : value) text += (text.empty() ? "" : ", ") + network.to_string();
  return text;
}

namespace {

/// All names, with `separator` between them.
std::string protocol_names(core::ProtocolSet protocols, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < core::protocol_count; ++i) {
    const auto protocol = static_cast<core::Protocol>(i);
    if (protocols.has(protocol)) text.append(text.empty() ? "" : separator).append(to_string(protocol));
  }
  return text;
}

}  // namespace

std::string Protocols::allowed() const { return "at least one of " + protocol_names(core::ProtocolSet::all(), ", "); }

std::string Protocols::pattern() const {
  const std::string name = "(" + protocol_names(core::ProtocolSet::all(), "|") + ")";
  return fmt::format("^ *{0}( *, *{0})* *$", name);
}

OptionalError Protocols::assign(core::ProtocolSet& field, std::string_view text) const {
  core::ProtocolSet protocols;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::string_view name = text.substr(begin, end - begin);
    begin = end + 1;
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    const auto protocol = core::find_protocol(name);
    if (!protocol) return ValueError{quote(name) + " is no format"};
    protocols.add(*protocol);
  }
  field = protocols;
  return std::nullopt;
}

std::string Protocols::show(core::ProtocolSet value) const { return protocol_names(value, ", "); }

std::string AnalyzerUrl::pattern() const {
  return fmt::format("^[Hh][Tt][Tt][Pp][Ss]?://{}(:({})?)?([/?][^#\\s]*)?$", host_pattern, port_pattern);
}

OptionalError AnalyzerUrl::assign(AnalyzerOptions& analyzer, std::string_view text) const {
  auto url = parse_url(text);
  if (!url) return url.error();
  analyzer.url = text;
  analyzer.host = std::move(url->host);
  analyzer.port = std::move(url->port);
  analyzer.target = std::move(url->target);
  analyzer.is_tls = url->is_tls;
  return std::nullopt;
}

OptionalError ExactWeight::assign(Weight& field, std::string_view text) const {
  const auto weight = parse_weight(text);
  if (!weight) return weight.error();
  field = *weight;
  return std::nullopt;
}

std::string Headers::allowed() const {
  return fmt::format("at most {} names with their values, none that the daemon sets itself", headers_max);
}

OptionalError Headers::assign_entry(Field& field, std::string_view name, std::string_view value) const {
  // A token of RFC 9110, 5.6.2.
  if (name.empty() || name.size() > header_name_length_max || !consists_of(name, "!#$%&'*+-.^_`|~")) {
    return ValueError{quote(name) + " is not a header name"};
  }
  const auto is_name = [name](std::string_view other) { return boost::algorithm::iequals(name, other); };
  const auto has_name = [&is_name](const auto& names) { return std::ranges::any_of(names, is_name); };
  if (has_name(reserved_headers) || has_name(passed_on_headers)) return ValueError{"is set by the daemon itself"};
  if (std::any_of(field.begin(), field.end(), [&is_name](const auto& entry) { return is_name(entry.first); })) {
    return ValueError{"is given twice; case makes no difference"};
  }
  if (field.size() == headers_max) return ValueError{"is one header too many"};
  std::string secret(value);
  if (auto error = read_secret(secret, header_value_length_max)) return error;
  // The value is not shown: it may be a key.
  if (secret.size() > header_value_length_max) return ValueError{"has a value that is too long"};
  if (has_control_character(secret)) return ValueError{"has a line break or control character in its value"};
  field.emplace_back(name, std::move(secret));
  return std::nullopt;
}

}  // namespace logdist::config
