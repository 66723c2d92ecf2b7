// Each coding: what comes out is what went in, however it is sliced; what is wrong is found and told.
#include "logdist/codec/compression/decompressor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "codec/compression/inflate_decompressor.hpp"
#include "logdist/base/random.hpp"
#include "tests/codec/compression/decompress.hpp"
#include "tests/support/compress.hpp"
#include "tests/support/seed.hpp"

namespace logdist::codec {
namespace {

using namespace logdist::test;

/// A form of a coding, its maker and its reader.
struct Form {
  const char* name;
  std::string (*compress)(std::string_view);
  std::unique_ptr<Decompressor> (*reader)();
  bool checked = true;         ///< a checksum covers all of it
  bool ends_anywhere = false;  ///< a prefix may be whole
};

void PrintTo(const Form& form, std::ostream* out) { *out << form.name; }

template <ContentCoding coding>
std::unique_ptr<Decompressor> reader_of() {
  return make_decompressor(coding);
}
std::unique_ptr<Decompressor> zlib_gzip_reader() { return std::make_unique<GzipDecompressor>(make_zlib_stream()); }
std::unique_ptr<Decompressor> zlib_deflate_reader() {
  return std::make_unique<DeflateDecompressor>(make_zlib_stream());
}

std::string gzip_6(std::string_view content) { return gzip(content); }
std::string gzip_stored(std::string_view content) { return gzip(content, 0); }
std::string zlib_6(std::string_view content) { return zlib(content); }
std::string raw_6(std::string_view content) { return raw_deflate(content); }
std::string zstd_3(std::string_view content) { return zstd(content); }
std::string framed_64k(std::string_view content) { return snappy_framed(content); }
std::string framed_1000(std::string_view content) { return snappy_framed(content, 1000); }

const Form forms[] = {
    {"gzip", gzip_6, reader_of<ContentCoding::gzip>},
    {"gzip_stored", gzip_stored, reader_of<ContentCoding::gzip>},
    {"gzip_by_zlib", gzip_6, zlib_gzip_reader},
    {"zlib", zlib_6, reader_of<ContentCoding::deflate>},
    {"zlib_by_zlib", zlib_6, zlib_deflate_reader},
    {"raw", raw_6, reader_of<ContentCoding::deflate>, false},
    {"raw_by_zlib", raw_6, zlib_deflate_reader, false},
    {"zstd", zstd_3, reader_of<ContentCoding::zstd>},
    {"block", snappy_block, reader_of<ContentCoding::snappy>, false},
    {"framed", framed_64k, reader_of<ContentCoding::snappy>, true, true},
    {"framed_1000", framed_1000, reader_of<ContentCoding::snappy>, false, true},
};

class EachForm : public ::testing::TestWithParam<Form> {
 protected:
  std::string compress(std::string_view content) const { return GetParam().compress(content); }

  std::unique_ptr<Decompressor> reader_ = GetParam().reader();
};

INSTANTIATE_TEST_SUITE_P(Codings, EachForm, ::testing::ValuesIn(forms),
                         [](const auto& form) { return std::string(form.param.name); });

TEST_P(EachForm, GivesBackWhatWentInHoweverItIsSliced) {
  Random random(logdist::test::draw_seed());
  std::vector<std::string> contents{"", "a", std::string(3'000'000, 'x')};
  for (const std::size_t size : {100u, 1000u, 65'536u, 65'537u, 300'000u, 2'000'000u}) {
    contents.push_back(text_of(size, random));
  }
  for (const std::string& content : contents) {
    const std::string body = compress(content);
    const std::string before = body;
    std::vector<std::size_t> slices{65'536, 262'144, content.size() + 1, 1000 + random.below(5000)};
    if (content.size() <= 1000) slices.insert(slices.end(), {1, 7});
    for (const std::size_t slice : slices) {
      const Decompressed outcome = decompress(*reader_, body, slice);
      ASSERT_FALSE(outcome.error) << outcome.error->detail << ": " << content.size() << " by " << slice;
      ASSERT_TRUE(outcome.content == content) << content.size() << " by " << slice;
    }
    ASSERT_EQ(body, before);
  }
}

TEST_P(EachForm, TellsAnEndThatIsMissing) {
  Random random(logdist::test::draw_seed());
  const std::string content = text_of(3000, random);
  const std::string body = compress(content);
  std::size_t whole = 0;
  for (std::size_t size = GetParam().ends_anywhere ? 10 : 0; size < body.size(); ++size) {
    const Decompressed outcome = decompress(*reader_, std::string_view(body).substr(0, size), 4096);
    if (!outcome.error) {
      ++whole;
      continue;
    }
    ASSERT_EQ(outcome.error->code, DecompressErrorCode::truncated) << size << ": " << outcome.error->detail;
    ASSERT_LE(outcome.error->offset, size);
  }
  EXPECT_LE(whole, GetParam().ends_anywhere ? 3u : 0u);
  EXPECT_EQ(decompress(*reader_, body, 4096).content, content) << "after so many errors";
}

TEST_P(EachForm, TellsWhatComesBehindItsEnd) {
  const std::string body = compress("a message\n") + "rubbish";
  const Decompressed outcome = decompress(*reader_, body, 4096);
  ASSERT_TRUE(outcome.error);
  EXPECT_TRUE(outcome.error->code == DecompressErrorCode::trailing || GetParam().ends_anywhere)
      << outcome.error->detail;
  EXPECT_EQ(outcome.error->offset, body.size() - 7);
}

TEST_P(EachForm, HoldsTheSizeAllowedToTheByte) {
  Random random(logdist::test::draw_seed());
  for (const std::size_t size : {1u, 1000u, 200'000u}) {
    const std::string content = text_of(size, random);
    const std::string body = compress(content);
    for (const std::size_t slice : {std::size_t{7}, std::size_t{65'536}, size, size + 1}) {
      if (slice == 7 && size > 1000) continue;
      const Decompressed whole = decompress(*reader_, body, slice, size);
      ASSERT_FALSE(whole.error) << whole.error->detail;
      ASSERT_EQ(whole.content, content);
      const Decompressed over = decompress(*reader_, body, slice, size - 1);
      ASSERT_TRUE(over.error);
      ASSERT_EQ(over.error->code, DecompressErrorCode::too_large) << over.error->detail;
      ASSERT_LT(over.content.size(), size);
    }
  }
}

TEST_P(EachForm, NeverTakesAChangedBodyForAnother) {
  Random random(logdist::test::draw_seed());
  const std::string content = text_of(5000, random);
  const std::string body = compress(content);
  std::size_t refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string changed = body;
    changed[random.below(changed.size())] ^= static_cast<char>(1u << random.below(8));
    const Decompressed outcome = decompress(*reader_, changed, 1 + random.below(8000), 100'000);
    refused += outcome.error ? 1u : 0u;
    if (outcome.error) {
      ASSERT_FALSE(outcome.error->detail.empty());
      ASSERT_LE(outcome.error->offset, changed.size());
    } else if (GetParam().checked) {
      ASSERT_TRUE(outcome.content == content || outcome.content.empty()) << "a checksum was not checked";
    }
  }
  if (GetParam().checked) {
    EXPECT_GT(refused, 1500u);
  }
}

TEST(Block, TheLengthThatItClaimsMustBeTrue) {
  Random random(logdist::test::draw_seed());
  const std::string body = snappy_block(text_of(5000, random));
  const auto reader = make_decompressor(ContentCoding::snappy);
  for (std::size_t bit = 0; bit < 16; ++bit) {  // 5,000 takes two bytes
    std::string changed = body;
    changed[bit / 8] ^= static_cast<char>(1u << (bit % 8));
    EXPECT_TRUE(decompress(*reader, changed, 8000, 100'000).error) << bit;
  }
}

TEST_P(EachForm, BoundsWhatOneStepDoes) {
  const std::string content(8'000'000, 'x');
  const Decompressed outcome = decompress(*reader_, compress(content), 100'000);
  EXPECT_FALSE(outcome.error);
  EXPECT_GE(outcome.steps, 80u);
}

/// An empty block of the fixed code is ten bits, 010 and an end; isa-l makes its tables anew for each.
TEST(Deflate, EndsAStepEarlyWhereNothingComesOfIt) {
  const auto bytes_of = [](std::size_t blocks, bool last) {
    std::vector<bool> bits;
    for (std::size_t block = 0; block < blocks; ++block) {
      const std::vector<bool> one{
          last && block + 1 == blocks, true, false, false, false, false, false, false, false, false};
      bits.insert(bits.end(), one.begin(), one.end());
    }
    std::string bytes((bits.size() + 7) / 8, '\0');
    for (std::size_t at = 0; at < bits.size(); ++at) {
      if (bits[at]) bytes[at / 8] = static_cast<char>(static_cast<unsigned char>(bytes[at / 8]) | 1U << at % 8);
    }
    return bytes;
  };
  const std::string body = bytes_of(100'000, true);
  const auto reader = make_decompressor(ContentCoding::deflate);
  reader->begin(body, 1 << 20);
  std::vector<char> out(64 << 10);
  std::size_t steps = 1;
  Decompressor::Step step = reader->step(out);
  for (; step.progress == Decompressor::Progress::more; ++steps) step = reader->step(out);
  EXPECT_EQ(step.progress, Decompressor::Progress::complete);
  EXPECT_EQ(step.written, 0u);
  EXPECT_GE(steps, body.size() / Decompressor::barren_input_max);
}

}  // namespace
}  // namespace logdist::codec
