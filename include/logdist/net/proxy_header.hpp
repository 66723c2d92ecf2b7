// The header by which a proxy names the client it speaks for, before the first byte
// of HTTP: the PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt).
// Pure: bytes in, what they say out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "logdist/base/ip_address.hpp"

namespace logdist::net {

struct ProxyHeader {
  /// The longest header of version 1, its line end included.
  static constexpr std::size_t v1_size_max = 107;
  /// As in nginx: a certificate's name or a cloud's extensions go beyond the 552 bytes that the specification asks for.
  static constexpr std::size_t size_max = 4096;
  /// What version 2 may carry after its 16 fixed bytes: addresses and extensions.
  static constexpr std::size_t v2_rest_max = size_max - 16;

  enum class Progress : std::uint8_t {
    need_more,  ///< all is well so far
    complete,
    malformed,  ///< `error` says why: the connection is of no use any more
  };

  Progress progress = Progress::need_more;
  std::size_t size = 0;  ///< bytes of the header, once complete
  /// The client. None when the proxy speaks for itself (a health check), does not
  /// know it, or it is no TCP client: then it is the peer.
  IpAddress source;
  std::uint16_t source_port = 0;
  std::string_view error;  ///< a sentence for people
};

/// `bytes` are all that came of the connection so far. Each field is checked, and
/// nothing beyond the header is looked at; more than `size_max` is never waited for.
ProxyHeader parse_proxy_header(std::string_view bytes);

}  // namespace logdist::net
