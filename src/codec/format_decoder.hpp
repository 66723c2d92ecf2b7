// What a format is: a way to validate a body and to count its messages.
#pragma once

#include <memory>
#include <string_view>

#include "logdist/codec/decode.hpp"

namespace logdist::codec {

/// The decoder of one format; one file each. Confined to one thread.
class FormatDecoder {
 public:
  virtual ~FormatDecoder() = default;
  FormatDecoder(const FormatDecoder&) = delete;
  FormatDecoder& operator=(const FormatDecoder&) = delete;

  /// A whole body, which has a buffer's padding behind it. `packet_id` is valid until the next.
  virtual DecodeResult decode(std::string_view body) = 0;
  /// Reads one body in pieces.
  virtual std::unique_ptr<BodyReader> in_pieces() const = 0;

 protected:
  FormatDecoder() = default;
};

}  // namespace logdist::codec
