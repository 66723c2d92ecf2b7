#include "codec/layout_decoder.hpp"

#include <algorithm>

#include "codec/layout_reader.hpp"
#include "codec/long_number.hpp"

namespace logdist::codec {

namespace dom = simdjson::dom;

/// Reads `body`, which has padding behind it; none when it must be validated strictly.
std::optional<std::uint32_t> LayoutDecoder::read_quickly(std::string_view body) {
  LayoutWalk walk;
  // A body that begins with an array hardly ever has more behind it, and simdjson reads one value sooner.
  const bool one = !layout_.in_a_row || body.starts_with('[');
  dom::element root;
  if (one && scratch_.parser.parse(body.data(), body.size(), false).get(root) == simdjson::SUCCESS) {
    if (!walk.walk(*layout_.root, root)) return std::nullopt;
  } else if (!layout_.in_a_row || !read_row(body, walk)) {
    return std::nullopt;
  }
  if (walk.messages() == 0 && !layout_.may_be_empty) return std::nullopt;
  return walk.messages();
}

/// Whether it could read all values.
bool LayoutDecoder::read_row(std::string_view body, LayoutWalk& walk) {
  // One batch of all, or else a value would be lost that is longer than a batch.
  dom::document_stream values;
  if (scratch_.parser.parse_many(body.data(), body.size(), body.size()).get(values) != simdjson::SUCCESS) return false;
  for (auto value = values.begin(); value != values.end(); ++value) {
    dom::element root;
    if ((*value).get(root) != simdjson::SUCCESS || !walk.walk(*layout_.root, root)) return false;
  }
  return values.truncated_bytes() == 0;
}

DecodeResult LayoutDecoder::decode(std::string_view body) {
  if (!body.empty() && !may_have_long_number(body)) {
    if (const auto messages = read_quickly(body)) return Decoded{*messages};
  }
  return validate_layout(layout_, body);
}

std::unique_ptr<BodyReader> LayoutDecoder::in_pieces() const { return read_layout(layout_); }

}  // namespace logdist::codec
