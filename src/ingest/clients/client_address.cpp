#include "logdist/ingest/clients/client_address.hpp"

#include <algorithm>
#include <optional>

#include "logdist/http/text.hpp"

namespace logdist::ingest {
namespace {

constexpr std::string_view forwarded_for = "x-forwarded-for";

/// What is behind the last `separator`, taken off `text` with it.
std::string_view take_last(std::string_view& text, std::string_view separator) {
  const std::size_t at = text.rfind(separator);
  const std::string_view last = at == text.npos ? text : text.substr(at + separator.size());
  text = text.substr(0, at == text.npos ? 0 : at);
  return last;
}

/// `ADDRESS`, `IPV4:PORT`, `[IPV6]` or `[IPV6]:PORT`; what the port says does not matter.
std::optional<IpAddress> parse_entry(std::string_view entry) {
  if (entry.starts_with('[')) {
    const std::size_t end = entry.find(']');
    if (end == entry.npos || (end + 1 < entry.size() && entry[end + 1] != ':')) return std::nullopt;
    const auto address = IpAddress::parse(entry.substr(1, end - 1));
    return address && entry.substr(0, end).find(':') != entry.npos ? address : std::nullopt;
  }
  if (std::ranges::count(entry, ':') == 1) entry = entry.substr(0, entry.find(':'));
  return IpAddress::parse(entry);
}

}  // namespace

bool is_trusted(const IpAddress& address, std::span<const Network> trusted) {
  return std::ranges::any_of(trusted, [&address](const Network& network) { return network.contains(address); });
}

IpAddress client_of(const IpAddress& peer, std::string_view fields, std::span<const Network> trusted) {
  IpAddress client = peer;
  if (!is_trusted(client, trusted)) return client;
  while (!fields.empty()) {
    if (fields.ends_with("\r\n")) fields.remove_suffix(2);
    const std::string_view line = take_last(fields, "\r\n");
    const std::size_t colon = line.find(':');
    if (colon == line.npos || !http::iequals(line.substr(0, colon), forwarded_for)) continue;
    for (std::string_view list = line.substr(colon + 1); !list.empty();) {
      const std::string_view entry = http::trim(take_last(list, ","));
      if (entry.empty()) continue;
      const auto address = parse_entry(entry);
      if (!address) return client;
      client = *address;
      if (!is_trusted(client, trusted)) return client;
    }
  }
  return client;
}

}  // namespace logdist::ingest
