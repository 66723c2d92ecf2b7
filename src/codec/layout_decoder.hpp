// The formats made of JSON that a layout tells.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "codec/format_decoder.hpp"
#include "codec/json_layout.hpp"
#include "codec/json_scratch.hpp"
#include "codec/layout_walk.hpp"

namespace logdist::codec {

class LayoutDecoder final : public FormatDecoder {
 public:
  /// Both outlive it.
  LayoutDecoder(const Layout& layout, JsonScratch& scratch) : layout_(layout), scratch_(scratch) {}

  DecodeResult decode(std::string_view body) override;
  std::unique_ptr<BodyReader> in_pieces() const override;

 private:
  std::optional<std::uint32_t> read_quickly(std::string_view body);
  bool read_row(std::string_view body, LayoutWalk& walk);

  const Layout& layout_;
  JsonScratch& scratch_;
};

}  // namespace logdist::codec
