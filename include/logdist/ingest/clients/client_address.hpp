// Whose request it is. Pure.
#pragma once

#include <span>
#include <string_view>

#include "logdist/base/ip_address.hpp"

namespace logdist::ingest {

bool is_trusted(const IpAddress& address, std::span<const Network> trusted);

/// The client that a request with these header `fields`, whole lines, comes from by
/// way of `peer`. While it is a trusted proxy, it is believed whom it got the request
/// from: X-Forwarded-For is read from its end, as each proxy appends to it, up to the
/// first address that is not trusted. An entry that is no address ends that, too: then
/// it is the proxy before it. Entries may have a port, and IPv6 addresses brackets.
IpAddress client_of(const IpAddress& peer, std::string_view fields, std::span<const Network> trusted);

}  // namespace logdist::ingest
