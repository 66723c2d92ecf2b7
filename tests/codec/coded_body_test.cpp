// A compressed body is decoded as its content would be, in bounded steps and bounded memory.
#include "logdist/codec/coded_body.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "tests/codec/compression/decompress.hpp"
#include "tests/support/compress.hpp"

namespace logdist::codec {
namespace {

using namespace logdist::test;

constexpr ContentCoding codings[] = {ContentCoding::gzip, ContentCoding::deflate, ContentCoding::zstd,
                                     ContentCoding::snappy};

class CodedBodies : public ::testing::Test {
 protected:
  struct Outcome {
    CodedBody::Result result;
    std::string packet_id;
    std::size_t steps = 0;
    std::size_t most_wanted = 0;
    std::size_t content_bytes = 0;
  };

  Outcome decode(ContentCoding coding, Format format, std::string_view body, std::size_t content_max = plenty) {
    CodedBody coded(decoder_, buffers_, pool_.take(coding, DecompressorPool::class_of(body.size())), format, body,
                    content_max);
    Outcome outcome;
    for (bool goes_on = true; goes_on; ++outcome.steps) {
      outcome.most_wanted = std::max(outcome.most_wanted, coded.wanted_bytes());
      goes_on = coded.step();
    }
    outcome.result = coded.result();
    outcome.content_bytes = coded.content_bytes();
    if (auto* const decoded = std::get_if<Decoded>(&outcome.result)) {
      outcome.packet_id = decoded->packet_id;
      decoded->packet_id = {};
    }
    return outcome;
  }

  static std::string packet(std::size_t messages) {
    std::string body = R"({"packet_id":"p-1","messages":["first")";
    for (std::size_t i = 1; i < messages; ++i) body += ",{\"text\":\"order " + std::to_string(i) + "\"}";
    return body + "]}";
  }

  core::BufferPool buffers_{1 << 20};
  Decoder decoder_;
  DecompressorPool pool_;
};

TEST_F(CodedBodies, OfAnySizeAreWhatTheirContentIs) {
  for (const ContentCoding coding : codings) {
    for (const std::size_t messages : {1u, 1000u, 30'000u, 45'000u, 200'000u}) {
      const std::string content = packet(messages);
      const Outcome outcome = decode(coding, Format::json, compress(coding, content));
      ASSERT_TRUE(std::holds_alternative<Decoded>(outcome.result)) << to_string(coding) << " of " << messages;
      EXPECT_EQ(std::get<Decoded>(outcome.result).messages, messages);
      EXPECT_EQ(outcome.packet_id, "p-1");
      EXPECT_EQ(outcome.content_bytes, content.size());
      EXPECT_GE(outcome.steps, content.size() / CodedBody::slice_max);
      const std::size_t memory = coding == ContentCoding::snappy ? content.size() : CodedBody::whole_max;
      EXPECT_LE(outcome.most_wanted, memory) << to_string(coding) << " of " << content.size() << " bytes";
    }
  }
}

TEST_F(CodedBodies, OfLongOnesThatAreNotCompressedAreReadInSlices) {
  const std::string sound = packet(200'000);
  CodedBody body(decoder_, buffers_, Format::json, sound);
  EXPECT_EQ(body.wanted_bytes(), 0u) << "nothing is copied";
  std::size_t steps = 1;
  while (body.step()) ++steps;
  EXPECT_EQ(steps, (sound.size() + CodedBody::slice_max - 1) / CodedBody::slice_max);
  const auto* const decoded = std::get_if<Decoded>(&body.result());
  ASSERT_NE(decoded, nullptr);
  EXPECT_EQ(decoded->messages, 200'000u);
  EXPECT_EQ(decoded->packet_id, "p-1");
  EXPECT_EQ(body.content_bytes(), sound.size());

  const std::string broken = std::string(CodedBody::slice_max + 10, ' ') + "]" + sound;
  CodedBody refused(decoder_, buffers_, Format::json, broken);
  EXPECT_TRUE(refused.step());
  EXPECT_FALSE(refused.step()) << "the rest is not read";
  const auto* const error = std::get_if<DecodeError>(&refused.result());
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->offset, CodedBody::slice_max + 10);
}

TEST_F(CodedBodies, OfExactlyWhatIsDecodedAsAWhole) {
  for (const ContentCoding coding : codings) {
    for (const std::size_t size : {CodedBody::whole_max - 1, CodedBody::whole_max, CodedBody::whole_max + 1}) {
      const std::string content = "[\"" + std::string(size - 4, 'x') + "\"]";
      const Outcome outcome = decode(coding, Format::json, compress(coding, content), size);
      ASSERT_TRUE(std::holds_alternative<Decoded>(outcome.result)) << to_string(coding) << " of " << size;
      EXPECT_EQ(std::get<Decoded>(outcome.result).messages, 1u);
    }
  }
}

TEST_F(CodedBodies, AreLinesToo) {
  std::string content;
  for (int i = 0; i < 100'000; ++i) content += "{\"order\":" + std::to_string(i) + "}\n";
  for (const ContentCoding coding : codings) {
    const Outcome outcome = decode(coding, Format::ndjson, compress(coding, content));
    ASSERT_TRUE(std::holds_alternative<Decoded>(outcome.result)) << to_string(coding);
    EXPECT_EQ(std::get<Decoded>(outcome.result).messages, 100'000u);
  }
}

TEST_F(CodedBodies, TellTheByteOfTheContent) {
  for (const ContentCoding coding : codings) {
    for (const std::size_t messages : {10u, 100'000u}) {
      std::string content = packet(messages);
      const std::size_t at = content.size() - 2;
      content[at] = 'x';
      const Outcome outcome = decode(coding, Format::json, compress(coding, content));
      ASSERT_TRUE(std::holds_alternative<DecodeError>(outcome.result)) << to_string(coding);
      EXPECT_EQ(std::get<DecodeError>(outcome.result).offset, at);
    }
  }
}

TEST_F(CodedBodies, AreGivenUpAtTheFirstError) {
  const std::string content = "[x" + std::string(30 << 20, ' ');
  for (const ContentCoding coding : {ContentCoding::gzip, ContentCoding::zstd}) {
    const Outcome outcome = decode(coding, Format::json, compress(coding, content));
    ASSERT_TRUE(std::holds_alternative<DecodeError>(outcome.result));
    EXPECT_LE(outcome.content_bytes, std::size_t{2} << 20) << "the rest is not decompressed";
  }
}

TEST_F(CodedBodies, LargerThanAllowedAreRefused) {
  const std::string content = packet(200'000);
  for (const ContentCoding coding : codings) {
    const Outcome outcome = decode(coding, Format::json, compress(coding, content), content.size() - 1);
    ASSERT_TRUE(std::holds_alternative<DecompressError>(outcome.result)) << to_string(coding);
    EXPECT_EQ(std::get<DecompressError>(outcome.result).code, DecompressErrorCode::too_large);
  }
}

TEST_F(CodedBodies, ThatAreNotCompressedAreRefused) {
  for (const ContentCoding coding : codings) {
    const Outcome outcome = decode(coding, Format::json, R"({"messages":["a"]})");
    EXPECT_TRUE(std::holds_alternative<DecompressError>(outcome.result)) << to_string(coding);
  }
}

TEST_F(CodedBodies, AreAFewAtATime) {
  std::vector<DecompressorPool::Lease> leases;
  for (std::size_t i = 0; i < DecompressorPool::lent_max; ++i) {
    leases.push_back(pool_.take(i % 2 == 0 ? ContentCoding::gzip : ContentCoding::zstd, BodyClass::small));
    ASSERT_TRUE(leases.back());
  }
  EXPECT_FALSE(pool_.take(ContentCoding::gzip, BodyClass::small));
  leases.pop_back();
  EXPECT_EQ(pool_.lent(), DecompressorPool::lent_max - 1);
  EXPECT_TRUE(pool_.take(ContentCoding::snappy, BodyClass::small));
}

TEST_F(CodedBodies, ThatAreSmallHaveSomeForThemselves) {
  std::vector<DecompressorPool::Lease> leases;
  while (pool_.has_one(BodyClass::usual)) leases.push_back(pool_.take(ContentCoding::gzip, BodyClass::usual));
  EXPECT_EQ(leases.size(), DecompressorPool::lent_max - DecompressorPool::for_small);
  EXPECT_FALSE(pool_.take(ContentCoding::zstd, BodyClass::usual));
  EXPECT_TRUE(pool_.has_one(BodyClass::small));
  leases.push_back(pool_.take(ContentCoding::zstd, BodyClass::small));
  leases.push_back(pool_.take(ContentCoding::zstd, BodyClass::small));
  ASSERT_TRUE(leases.back());
  EXPECT_FALSE(pool_.has_one(BodyClass::small));
  leases.pop_back();
  EXPECT_FALSE(pool_.has_one(BodyClass::usual)) << "what is left is for small ones";
  EXPECT_TRUE(pool_.has_one(BodyClass::small));
}

TEST_F(CodedBodies, ThatAreSmallDoNotKeepTheOthersOut) {
  std::vector<DecompressorPool::Lease> leases;
  while (pool_.has_one(BodyClass::small)) leases.push_back(pool_.take(ContentCoding::gzip, BodyClass::small));
  EXPECT_FALSE(pool_.has_one(BodyClass::usual));
  leases.pop_back();
  EXPECT_TRUE(pool_.has_one(BodyClass::usual)) << "the next that comes back may go to one of them";
}

TEST_F(CodedBodies, ThatAreLengthyLeaveMostToTheOthers) {
  std::vector<DecompressorPool::Lease> leases;
  while (pool_.has_one(BodyClass::lengthy)) leases.push_back(pool_.take(ContentCoding::gzip, BodyClass::lengthy));
  EXPECT_EQ(leases.size(), DecompressorPool::lengthy_max);
  for (const BodyClass body_class : {BodyClass::usual, BodyClass::small}) {
    DecompressorPool::Lease lease = pool_.take(ContentCoding::gzip, body_class);
    ASSERT_TRUE(lease);
    EXPECT_FALSE(DecompressorPool::make_lengthy(lease));
    leases.pop_back();
    EXPECT_TRUE(DecompressorPool::make_lengthy(lease)) << "in the place of the one that came back";
    EXPECT_FALSE(pool_.has_one(BodyClass::lengthy));
    leases.push_back(std::move(lease));
  }
}

TEST_F(CodedBodies, ThatTakeLongAreLengthyToo) {
  const auto clock = [] {
    static TimePoint now;
    return now += std::chrono::milliseconds(2);
  };
  const std::string content = packet(40'000);
  ASSERT_LT(content.size(), CodedBody::whole_max);
  for (const ContentCoding coding : {ContentCoding::gzip, ContentCoding::deflate, ContentCoding::zstd}) {
    const std::string bytes = compress(coding, content);
    ASSERT_LT(bytes.size(), CodedBody::lengthy_body_bytes);
    for (const bool is_busy : {false, true}) {  // else others had the processor
      DecompressorPool pool(
          clock, is_busy ? DecompressionWatch::ReadClock(clock) : [] { return TimePoint(); });
      std::vector<DecompressorPool::Lease> others;
      while (pool.has_one(BodyClass::lengthy)) others.push_back(pool.take(coding, BodyClass::lengthy));
      CodedBody body(decoder_, buffers_, pool.take(coding, BodyClass::usual), Format::json, bytes, plenty);
      bool had_to_wait = false;
      while (!had_to_wait && body.step()) had_to_wait = body.is_to_wait();
      EXPECT_EQ(had_to_wait, is_busy) << to_string(coding);
    }
  }
}

TEST_F(CodedBodies, TurnOutToBeLengthy) {
  const std::string content = packet(200'000);
  for (const ContentCoding coding : codings) {
    const std::string bytes = compress(coding, content);
    DecompressorPool pool;
    std::vector<DecompressorPool::Lease> others;
    while (pool.has_one(BodyClass::lengthy)) others.push_back(pool.take(coding, BodyClass::lengthy));
    CodedBody kept_out(decoder_, buffers_, pool.take(coding, BodyClass::usual), Format::json, bytes, plenty);
    while (!kept_out.is_to_wait()) ASSERT_TRUE(kept_out.step());
    EXPECT_LE(kept_out.content_bytes(), CodedBody::whole_max + CodedBody::slice_max) << to_string(coding);
    others.pop_back();
    EXPECT_FALSE(kept_out.is_to_wait()) << "it may go on as one of them";
    EXPECT_FALSE(pool.has_one(BodyClass::lengthy));
    while (kept_out.step()) ASSERT_FALSE(kept_out.is_to_wait());
    EXPECT_EQ(std::get<Decoded>(kept_out.result()).messages, 200'000u);
  }
}

}  // namespace
}  // namespace logdist::codec
