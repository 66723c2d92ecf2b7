// The formats made of JSON that a layout tells.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "codec/format_decoder.hpp"
#include "codec/json_layout.hpp"
#include "logdist/codec/json/json_scan.hpp"

namespace logdist::codec {

class LayoutDecoder final : public FormatDecoder {
 public:
  /// Both outlive it.
  LayoutDecoder(const Layout& layout, JsonScan& scan) : layout_(layout), scan_(scan) {}

  DecodeResult decode(std::string_view body) override;
  std::unique_ptr<BodyReader> in_pieces() const override;

 private:
  std::optional<std::uint32_t> read_quickly(std::string_view body);

  const Layout& layout_;
  JsonScan& scan_;
};

}  // namespace logdist::codec
