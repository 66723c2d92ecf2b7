// A packet: one POST body, atomic, forwarded byte for byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "logdist/core/buffer.hpp"
#include "logdist/core/client_places.hpp"
#include "logdist/core/content_coding.hpp"
#include "logdist/core/protocol.hpp"
#include "logdist/core/receipt.hpp"

namespace logdist::core {

/// One accepted body and what is forwarded with it. Strings keep their capacity
/// when a packet is recycled, so the steady state allocates nothing.
struct Packet {
  Buffer body;
  std::string id;  ///< 1–128 visible ASCII characters
  /// Whole lines: [Content-Type,] [Content-Encoding,] Packet-Format, [Packet-Target,] and what else goes along.
  std::string forwarded_headers;
  std::string agent;                               ///< who sent it, for packets that are stored; else empty
  std::string path;                                ///< it was POSTed to, likewise
  Protocol protocol = Protocol::packet;            ///< that it came by
  ContentCoding coding = ContentCoding::identity;  ///< of the body
  std::uint32_t messages = 0;                      ///< at least 1 once decoded
  /// Its agent wants the analyzer's answer of success if that has at most so long a body; 0: it does not.
  std::uint32_t answer_bytes_max = 0;
  Receipt receipt;         ///< what its agent asks about later
  HeldPlace client_place;  ///< of its client's share of the queue, until it is settled

  /// What it takes of the queue's bytes.
  std::size_t queue_bytes() const { return body.size() + forwarded_headers.size(); }

  /// Empty again, for the next packet. Keeps the capacity of usual strings, not of long ones.
  void recycle() {
    body = {};
    protocol = Protocol::packet;
    coding = ContentCoding::identity;
    messages = 0;
    answer_bytes_max = 0;
    receipt = {};
    client_place.give_back();
    for (std::string* text : {&id, &forwarded_headers, &agent, &path}) {
      text->clear();
      if (text->capacity() > kept_text_bytes) text->shrink_to_fit();
    }
  }

  static constexpr std::size_t kept_text_bytes = 256;
};

}  // namespace logdist::core
