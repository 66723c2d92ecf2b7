// Format::lines: text, of which a line that is not empty is a message. A line ends with CR, LF, or both.
#pragma once

#include <memory>
#include <string_view>

#include "codec/format_decoder.hpp"

namespace logdist::codec {

class LinesDecoder final : public FormatDecoder {
 public:
  DecodeResult decode(std::string_view body) override;
  std::unique_ptr<BodyReader> in_pieces() const override;
};

}  // namespace logdist::codec
