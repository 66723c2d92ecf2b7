// Format::ndjson: one JSON value a non-empty line.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "codec/format_decoder.hpp"
#include "codec/strict_validator.hpp"
#include "logdist/codec/json/json_scan.hpp"

namespace logdist::codec {

class NdjsonDecoder final : public FormatDecoder {
 public:
  /// `scan` outlives it.
  explicit NdjsonDecoder(JsonScan& scan) : scan_(scan) {}

  DecodeResult decode(std::string_view body) override;
  std::unique_ptr<BodyReader> in_pieces() const override;

 private:
  std::optional<std::uint32_t> count_quickly(std::string_view body);
  std::optional<DecodeError> check_line(std::string_view line);

  JsonScan& scan_;
  StrictValidator values_;
};

}  // namespace logdist::codec
