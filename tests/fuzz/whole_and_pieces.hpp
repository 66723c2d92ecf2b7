// A body decoded as a whole and in pieces, which must find the same.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "logdist/base/check.hpp"
#include "logdist/codec/decode.hpp"

namespace logdist::codec {

/// Whether the body has a number of which simdjson takes more than the strict reader: the limit on exponents.
inline bool is_of_exponent(const DecodeError& error) { return error.detail.find("exponent") != std::string::npos; }

/// `piece_bytes`: of the pieces, not 0.
inline void decode_whole_and_pieces(Format format, std::string_view bytes, std::size_t piece_bytes) {
  static core::BufferPool pool(std::size_t{1} << 20);
  static Decoder decoder;
  core::Buffer body = pool.take(bytes.size());
  body.append(bytes);
  const DecodeResult whole = decoder.decode(format, body);
  LOGDIST_CHECK(body.view() == bytes);

  const auto reader = decoder.in_pieces(format);
  bool goes_on = true;
  for (std::size_t at = 0; at < bytes.size() && goes_on; at += piece_bytes) {
    const std::string piece(bytes.substr(at, piece_bytes));  // its own bytes: none behind it
    goes_on = reader->feed(piece);
  }
  const DecodeResult pieces = reader->finish();
  LOGDIST_CHECK(goes_on || pieces.has_error());
  if (pieces.has_error() && is_of_exponent(pieces.error())) return;
  LOGDIST_CHECK(whole.has_value() == pieces.has_value());
  if (whole) {
    LOGDIST_CHECK(whole->messages == pieces->messages);
    LOGDIST_CHECK(whole->packet_id == pieces->packet_id);
    LOGDIST_CHECK(whole->actions.size() == pieces->actions.size());
    std::uint32_t actions = 0;
    for (std::size_t i = 0; i < whole->actions.size(); ++i) {
      LOGDIST_CHECK(whole->actions[i].action == pieces->actions[i].action);
      LOGDIST_CHECK(whole->actions[i].count == pieces->actions[i].count);
      actions += whole->actions[i].count;
    }
    LOGDIST_CHECK(format != Format::bulk || actions == whole->messages);
    return;
  }
  LOGDIST_CHECK(!whole.error().detail.empty());
  LOGDIST_CHECK(whole.error().code == pieces.error().code);
  LOGDIST_CHECK(whole.error().message == pieces.error().message);
  LOGDIST_CHECK(whole.error().offset <= pieces.error().offset);
  LOGDIST_CHECK(pieces.error().offset <= bytes.size());
}

/// The first byte picks one of `formats`, the second the size of the pieces.
template <std::size_t count>
int decode_input(const Format (&formats)[count], const unsigned char* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  decode_whole_and_pieces(formats[data[0] % count], bytes, data[1] + std::size_t{1});
  return 0;
}

}  // namespace logdist::codec
