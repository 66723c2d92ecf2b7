// Hosts and ports, as the Host field and a target in absolute form name them.
#pragma once

#include <optional>
#include <string_view>

namespace logdist::http {

/// A host and its port, apart.
struct Authority {
  std::string_view host;  ///< a name or an address; an IPv6 address without its brackets
  std::string_view port;  ///< decimal digits; empty: none was given
  bool in_brackets = false;
};

/// `host`, `host:port`, `[address]:port`. None when two readers could take it for
/// two hosts or none: anything but letters, digits and the signs that RFC 3986
/// (3.2.2) leaves a name, `,` and `;` apart; a port that is no number or above 65535;
/// brackets that hold no IPv6 address. An empty text is an empty host; a port alone is
/// nothing.
std::optional<Authority> parse_authority(std::string_view text);

/// Whether the host is an IPv4 or IPv6 address.
bool is_address(const Authority& authority);

}  // namespace logdist::http
