// Format::json: a packet, or a bare array of messages.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "codec/format_decoder.hpp"
#include "codec/json_scratch.hpp"

namespace logdist::codec {

class JsonPacketDecoder final : public FormatDecoder {
 public:
  /// `scratch` outlives it.
  explicit JsonPacketDecoder(JsonScratch& scratch) : scratch_(scratch) {}

  DecodeResult decode(std::string_view body) override;
  std::unique_ptr<BodyReader> in_pieces() const override;

 private:
  std::optional<Decoded> read_quickly(std::string_view text);

  JsonScratch& scratch_;
  std::string packet_id_;
};

}  // namespace logdist::codec
