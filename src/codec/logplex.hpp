// Format::logplex: frames of syslog, each behind its length: "68 <13>1 …".
#pragma once

#include <memory>
#include <string_view>

#include "codec/format_decoder.hpp"

namespace logdist::codec {

class LogplexDecoder final : public FormatDecoder {
 public:
  DecodeResult decode(std::string_view body) override;
  std::unique_ptr<BodyReader> in_pieces() const override;
};

}  // namespace logdist::codec
