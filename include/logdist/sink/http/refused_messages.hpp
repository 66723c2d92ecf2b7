// What an answer of success says of messages that were refused all the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "logdist/codec/json/number_reader.hpp"
#include "logdist/core/protocol.hpp"
#include "logdist/sink/http/body_reader.hpp"

namespace logdist::sink {

/// Reads the body of a 200 of a server of the packet's own protocol, piece by piece, and counts the messages
/// that it did not take: items of `_bulk` with an error, `partialSuccess` of OTLP, a code of HEC other than 0. Of a
/// body that is cut or broken, what was said before. Keeps next to nothing of it. Sans-I/O.
class RefusedMessages final : public BodyReader {
 public:
  /// The answer to a packet of so many messages, with that Content-Type; where it has none, its first byte tells JSON
  /// from protobuf. What was read before is forgotten.
  void begin(core::Protocol protocol, std::uint32_t messages, std::string_view content_type = {});
  void read(std::string_view piece) override;
  /// The body has ended, or is given up. How many; at most those of the packet.
  std::uint32_t end();

 private:
  enum class Syntax : std::uint8_t { none, unknown, json, protobuf };

  std::uint64_t refused() const;

  core::Protocol protocol_ = core::Protocol::packet;
  Syntax syntax_ = Syntax::none;
  std::uint32_t messages_ = 0;
  std::string protobuf_;  ///< its beginning
  codec::JsonNumberReader json_;
};

}  // namespace logdist::sink
