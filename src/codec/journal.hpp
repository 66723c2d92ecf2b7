// Format::journal: entries of systemd's journal export format, in one body.
#pragma once

#include <memory>
#include <string_view>

#include "codec/format_decoder.hpp"

namespace logdist::codec {

class JournalDecoder final : public FormatDecoder {
 public:
  DecodeResult decode(std::string_view body) override;
  std::unique_ptr<BodyReader> in_pieces() const override;
};

}  // namespace logdist::codec
