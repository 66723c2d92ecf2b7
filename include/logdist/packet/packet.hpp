// A packet: one POST body, atomic, forwarded byte for byte.
#pragma once

#include <cstdint>
#include <string>

#include "logdist/packet/buffer.hpp"

namespace logdist::packet {

/// One accepted body and what is forwarded with it. Strings keep their capacity
/// when a packet is recycled, so the steady state allocates nothing.
struct Packet {
  Buffer body;
  std::string id;                   ///< 1–128 visible ASCII characters
  std::string passthrough_headers;  ///< whole lines, "Content-Type: …\r\n[traceparent: …\r\n]"
  std::uint32_t messages = 0;       ///< at least 1 once decoded
};

}  // namespace logdist::packet
