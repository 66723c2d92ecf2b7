// The decoder against an independent reading of the same rules, over a corpus of
// traps and a great many mutations of it.
#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "logdist/base/random.hpp"
#include "logdist/codec/decode.hpp"
#include "tests/codec/corpus.hpp"
#include "tests/codec/oracle.hpp"
#include "tests/support/seed.hpp"

namespace logdist::codec {
namespace {

/// One decoder and the oracle, asked the same.
class Comparison {
 public:
  void compare(Format format, const std::string& bytes) {
    core::Buffer body = pool_.take(bytes.size());
    body.append(bytes);
    const DecodeResult result = decoder_.decode(format, body);
    const auto expected = consult_oracle(format, bytes);
    ++compared_;
    ASSERT_EQ(body.view(), bytes) << "the bytes were changed";
    compare_pieces(format, bytes, result);
    if (::testing::Test::HasFatalFailure()) return;
    if (result.has_value()) {
      ++accepted_;
      ASSERT_TRUE(expected.has_value()) << "accepted: " << printable(bytes);
      ASSERT_EQ(result->messages, expected->messages) << printable(bytes);
      ASSERT_EQ(result->packet_id, expected->packet_id) << printable(bytes);
      return;
    }
    // The one limit on numbers that we state, and nlohmann/json does not have.
    const bool exponent = result.error().detail.find("exponent") != std::string::npos;
    ASSERT_TRUE(exponent || !expected.has_value()) << result.error().detail << ": " << printable(bytes);
    check_offset(format, bytes, result.error());
  }

  std::uint64_t compared() const { return compared_; }
  std::uint64_t accepted() const { return accepted_; }

 private:
  /// However the body is cut, its pieces say what the whole says; an error shows no sooner.
  void compare_pieces(Format format, const std::string& bytes, const DecodeResult& whole) {
    const auto reader = decoder_.in_pieces(format);
    const std::size_t longest = 1 + random_.below(20);
    bool goes_on = true;
    for (std::size_t at = 0; at < bytes.size() && goes_on;) {
      const std::string piece = bytes.substr(at, random_.below(longest + 1));  // its own bytes: none behind it
      goes_on = reader->feed(piece);
      at += piece.size();
    }
    const DecodeResult pieces = reader->finish();
    // The limit that we state: of a whole body simdjson takes some exponents beyond it.
    if (pieces.has_error() && pieces.error().detail.find("exponent") != std::string::npos) return;
    ASSERT_EQ(pieces.has_value(), whole.has_value()) << printable(bytes);
    ASSERT_TRUE(goes_on || pieces.has_error()) << printable(bytes);
    if (whole) {
      ASSERT_EQ(pieces->messages, whole->messages) << printable(bytes);
      ASSERT_EQ(pieces->packet_id, whole->packet_id) << printable(bytes);
    } else {
      ASSERT_EQ(pieces.error().code, whole.error().code) << printable(bytes);
      ASSERT_GE(pieces.error().offset, whole.error().offset) << printable(bytes);
      ASSERT_LE(pieces.error().offset, bytes.size()) << printable(bytes);
    }
  }

  /// The fault is the first: what comes before it is whole or ends too early.
  void check_offset(Format format, const std::string& bytes, const DecodeError& error) {
    ASSERT_LE(error.offset, bytes.size()) << printable(bytes);
    ASSERT_FALSE(error.detail.empty());
    if (format != Format::json) return;
    core::Buffer before = pool_.take(error.offset);
    before.append(std::string_view(bytes).substr(0, error.offset));
    const DecodeResult result = decoder_.decode(format, before);
    ASSERT_TRUE(result.has_value() || result.error().offset == error.offset)
        << error.detail << " at " << error.offset << ", but before it " << result.error().detail << " at "
        << result.error().offset << ": " << printable(bytes);
  }

  core::BufferPool pool_{1 << 20};
  Decoder decoder_;
  Random random_{logdist::test::draw_seed()};
  std::uint64_t compared_ = 0;
  std::uint64_t accepted_ = 0;
};

TEST(DecodeDifferential, AgreesOnTheCorpus) {
  Comparison comparison;
  for (const std::string& body : seed_bodies()) {
    for (const Format format : {Format::json, Format::ndjson}) {
      comparison.compare(format, body);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(comparison.accepted(), 30u);
}

TEST(DecodeDifferential, AgreesOnMutations) {
  constexpr std::uint64_t seed = 0x5eed0001;
  constexpr int mutation_count = 120'000;
  std::cout << "seed " << seed << '\n';
  Random random(seed);
  const std::vector<std::string> seeds = seed_bodies();
  Comparison comparison;
  for (int i = 0; i < mutation_count; ++i) {
    const Format format = random.below(4) == 0 ? Format::ndjson : Format::json;
    const bool from_corpus = random.below(2) == 0;
    std::string body = from_corpus ? seeds[random.below(seeds.size())] : random_body(format, random);
    for (std::uint64_t times = random.below(3); times > 0; --times) mutate(body, seeds, random);
    comparison.compare(format, body);
    if (HasFatalFailure()) {
      std::cout << "mutation " << i << '\n';
      return;
    }
  }
  std::cout << comparison.accepted() << " of " << comparison.compared() << " accepted\n";
  EXPECT_GT(comparison.accepted(), comparison.compared() / 5) << "too few valid bodies to mean much";
}

/// Numbers, most of them of RFC 8259, with as many digits as make a difference.
std::string random_number(Random& random) {
  const auto digits = [&random](std::uint64_t most) {
    std::string text;
    for (std::uint64_t count = random.below(most + 1); count > 0; --count) {
      text += static_cast<char>('0' + random.below(10));
    }
    return text;
  };
  std::string number = random.below(3) == 0 ? "-" : "";
  number += random.below(4) == 0 ? "0" : static_cast<char>('1' + random.below(9)) + digits(24);
  if (random.below(2) == 0) number += "." + digits(24);
  if (random.below(2) == 0) number += (random.below(2) == 0 ? "e" : "E-") + digits(3);
  if (random.below(10) == 0) number.insert(random.below(number.size() + 1), 1, "0.-+eE, \""[random.below(9)]);
  return number;
}

TEST(DecodeDifferential, AgreesOnNumbersOfAnyLength) {
  Random random(logdist::test::draw_seed());
  Comparison comparison;
  for (int i = 0; i < 30'000 && !HasFatalFailure(); ++i) {
    const std::string padding(random.below(9), ' ');
    const std::string number = random_number(random);
    comparison.compare(Format::json, padding + "[{\"v\":" + number + "}]");
    comparison.compare(Format::json, padding + "[\"" + number + "\"," + number + "]");
    comparison.compare(Format::ndjson, "{\"a\":[" + number + "]}\n" + padding + number + "\n\"" + number + "\"\n");
  }
  EXPECT_GT(comparison.accepted(), comparison.compared() / 4);
}

}  // namespace
}  // namespace logdist::codec
