// Format::json: a packet, or a bare array of messages.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "codec/format_decoder.hpp"
#include "logdist/codec/json/json_scan.hpp"

namespace logdist::codec {

class JsonPacketDecoder final : public FormatDecoder {
 public:
  /// `scan` outlives it.
  explicit JsonPacketDecoder(JsonScan& scan) : scan_(scan) {}

  DecodeResult decode(std::string_view body) override;
  std::unique_ptr<BodyReader> in_pieces() const override;

 private:
  std::optional<Decoded> read_quickly(std::string_view text);

  JsonScan& scan_;
  std::string packet_id_;
};

}  // namespace logdist::codec
