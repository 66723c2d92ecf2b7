// What an answer of success says of messages that were refused all the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "logdist/core/protocol.hpp"
#include "logdist/sink/http/body_reader.hpp"

namespace logdist::sink {

/// Reads the body of a 200 of a server of the packet's own protocol, piece by piece, and counts the messages
/// that it did not take: items of `_bulk` with an error, `partialSuccess` of OTLP, a code of HEC other than 0.
/// Keeps at most `kept_bytes_max`, and of `_bulk` next to nothing. Sans-I/O.
class RefusedMessages final : public BodyReader {
 public:
  static constexpr std::size_t kept_bytes_max = 4 * 1024;

  /// The answer to a packet of so many messages. What was read before is forgotten.
  void begin(core::Protocol protocol, std::uint32_t messages);
  void read(std::string_view piece) override;
  /// The body has ended, or is given up. How many; at most those of the packet.
  std::uint32_t end();

 private:
  enum class Place : std::uint8_t { elsewhere, colon, status };

  void read_bulk(std::string_view piece);

  core::Protocol protocol_ = core::Protocol::packet;
  std::uint32_t messages_ = 0;
  std::uint32_t refused_ = 0;
  std::string kept_;
  std::size_t matched_ = 0;  ///< bytes of `"status"` just before
  Place place_ = Place::elsewhere;
  bool escaped_ = false;  ///< a `\` stands before the next byte
};

}  // namespace logdist::sink
