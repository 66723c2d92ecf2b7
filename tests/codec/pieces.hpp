// One body decoded as a whole and in pieces, which must find the same.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "logdist/base/random.hpp"
#include "logdist/codec/decode.hpp"

namespace logdist::test {

/// What came of a body; it owns everything.
struct Outcome {
  bool accepted = false;
  std::uint32_t messages = 0;
  std::string packet_id;
  std::vector<codec::BulkActions> actions;
  codec::DecodeError error;
};

inline Outcome outcome_of(const codec::DecodeResult& result) {
  Outcome outcome;
  outcome.accepted = result.has_value();
  if (result) {
    outcome.messages = result->messages;
    outcome.packet_id = result->packet_id;
    outcome.actions.assign(result->actions.begin(), result->actions.end());
  } else {
    outcome.error = result.error();
  }
  return outcome;
}

/// Decodes bodies of any format.
class WholeAndPieces {
 public:
  explicit WholeAndPieces(std::uint64_t seed = 1) : random_(seed) {}

  /// Of `bytes` as a whole. In pieces, cut anywhere, they must be the same; only an error may show later.
  Outcome decode(codec::Format format, std::string_view bytes) {
    core::Buffer body = pool_.take(bytes.size());
    body.append(bytes);
    Outcome whole = outcome_of(decoder_.decode(format, body));
    EXPECT_EQ(body.view(), bytes) << "the bytes were changed";
    EXPECT_LE(whole.error.offset, bytes.size());
    EXPECT_EQ(whole.error.detail.empty(), whole.accepted);
    compare(whole, in_pieces(format, bytes, 1 + random_.below(20)), bytes);
    return whole;
  }

  /// In pieces of up to `longest` bytes, some of which may be empty.
  Outcome in_pieces(codec::Format format, std::string_view bytes, std::size_t longest) {
    const auto reader = decoder_.in_pieces(format);
    bool goes_on = true;
    for (std::size_t at = 0; at < bytes.size() && goes_on;) {
      // Its own bytes: whoever reads behind them is found out.
      const std::string piece(bytes.substr(at, random_.below(longest + 1)));
      goes_on = reader->feed(piece);
      at += piece.size();
    }
    Outcome outcome = outcome_of(reader->finish());
    EXPECT_TRUE(goes_on || !outcome.accepted);
    return outcome;
  }

 private:
  static void compare(const Outcome& whole, const Outcome& pieces, std::string_view bytes) {
    // The limit that we state: of a whole body simdjson takes some exponents beyond it.
    if (whole.accepted && pieces.error.detail.find("exponent") != std::string::npos) return;
    EXPECT_EQ(pieces.accepted, whole.accepted) << pieces.error.detail << whole.error.detail;
    EXPECT_EQ(pieces.messages, whole.messages);
    EXPECT_EQ(pieces.packet_id, whole.packet_id);
    EXPECT_EQ(pieces.error.code, whole.error.code) << pieces.error.detail << "; " << whole.error.detail;
    EXPECT_EQ(pieces.error.message, whole.error.message) << pieces.error.detail << "; " << whole.error.detail;
    EXPECT_GE(pieces.error.offset, whole.error.offset) << pieces.error.detail << "; " << whole.error.detail;
    EXPECT_LE(pieces.error.offset, bytes.size());
    ASSERT_EQ(pieces.actions.size(), whole.actions.size());
    for (std::size_t i = 0; i < whole.actions.size(); ++i) {
      EXPECT_EQ(pieces.actions[i].action, whole.actions[i].action);
      EXPECT_EQ(pieces.actions[i].count, whole.actions[i].count);
    }
  }

  core::BufferPool pool_{std::size_t{1} << 20};
  codec::Decoder decoder_;
  Random random_;
};

}  // namespace logdist::test
