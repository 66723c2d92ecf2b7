// Format::otlp_protobuf, Format::loki_protobuf: messages of messages, which a table tells.
#pragma once

#include <memory>
#include <string_view>

#include "codec/format_decoder.hpp"
#include "logdist/codec/protobuf/protobuf_walk.hpp"

namespace logdist::codec {

/// A body without messages is one of none.
class ProtobufDecoder final : public FormatDecoder {
 public:
  explicit ProtobufDecoder(const ProtobufSchema& schema) : schema_(schema) {}

  DecodeResult decode(std::string_view body) override;
  std::unique_ptr<BodyReader> in_pieces() const override;

 private:
  const ProtobufSchema& schema_;
};

}  // namespace logdist::codec
