#include "codec/layout_decoder.hpp"

#include "codec/layout_reader.hpp"
#include "codec/layout_walk.hpp"

namespace logdist::codec {

/// Reads `body`, which has padding behind it; none when it must be validated strictly.
std::optional<std::uint32_t> LayoutDecoder::read_quickly(std::string_view body) {
  if (!scan_.begin(body)) return std::nullopt;
  LayoutWalk walk(scan_);
  do {
    if (!walk.walk(*layout_.root)) return std::nullopt;
  } while (layout_.in_a_row && !scan_.at_end());
  if (!scan_.ends() || (walk.messages() == 0 && !layout_.may_be_empty)) return std::nullopt;
  return walk.messages();
}

DecodeResult LayoutDecoder::decode(std::string_view body) {
  if (!body.empty()) {
    if (const auto messages = read_quickly(body)) return Decoded{*messages};
  }
  return validate_layout(layout_, body);
}

std::unique_ptr<BodyReader> LayoutDecoder::in_pieces() const { return read_layout(layout_); }

}  // namespace logdist::codec
