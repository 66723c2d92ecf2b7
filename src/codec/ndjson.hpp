// Format::ndjson: one JSON value a non-empty line.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "codec/format_decoder.hpp"
#include "codec/json_scratch.hpp"
#include "codec/strict_validator.hpp"

namespace logdist::codec {

class NdjsonDecoder final : public FormatDecoder {
 public:
  /// `scratch` outlives it.
  explicit NdjsonDecoder(JsonScratch& scratch) : scratch_(scratch) {}

  DecodeResult decode(std::string_view body) override;
  std::unique_ptr<BodyReader> in_pieces() const override;

 private:
  std::optional<DecodeError> check_line(std::string_view line, bool long_numbers);

  JsonScratch& scratch_;
  StrictValidator values_;
};

}  // namespace logdist::codec
