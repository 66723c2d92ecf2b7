// Format::events_any: JSON or lines, which the first byte tells.
#pragma once

#include <memory>
#include <string_view>

#include "codec/format_decoder.hpp"

namespace logdist::codec {

class EventsAnyDecoder final : public FormatDecoder {
 public:
  /// Both outlive it.
  EventsAnyDecoder(FormatDecoder& events, FormatDecoder& lines) : events_(events), lines_(lines) {}

  DecodeResult decode(std::string_view body) override;
  std::unique_ptr<BodyReader> in_pieces() const override;

 private:
  FormatDecoder& events_;
  FormatDecoder& lines_;
};

}  // namespace logdist::codec
