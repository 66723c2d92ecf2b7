#include "logdist/codec/compression/content.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/codec/compression/decompress.hpp"
#include "tests/support/compress.hpp"

namespace logdist::codec {
namespace {

using Progress = ContentBuilder::Progress;

std::string joined(const Content& content) {
  std::string text;
  for (const core::Buffer& piece : content.pieces) text += piece.view();
  return text;
}

class ContentTest : public testing::Test {
 protected:
  Progress run(ContentCoding coding, std::string_view body, std::size_t content_max = plenty) {
    EXPECT_TRUE(builder_.begin(coding, body, content_max));
    Progress progress = Progress::more;
    for (std::size_t before = 0; progress == Progress::more; before = builder_.size()) {
      const std::size_t wanted = builder_.wanted_capacity();
      progress = builder_.step();
      // A buffer may have a quarter more room than was asked for, and has 512 bytes.
      EXPECT_LE(builder_.capacity(), wanted + wanted / 4 + core::BufferPool::min_capacity);
      EXPECT_LE(builder_.size() - before, ContentBuilder::slice_max);
    }
    return progress;
  }

  core::BufferPool buffers_{1 << 20};
  DecompressorPool decompressors_;
  ContentBuilder builder_{buffers_, decompressors_};
  Random random_{1};
};

TEST_F(ContentTest, IsWhatWasCompressedOfEveryCodingAndSize) {
  using Compress = std::string (*)(std::string_view);
  const std::vector<std::pair<ContentCoding, Compress>> forms{
      {ContentCoding::gzip, [](std::string_view text) { return test::gzip(text); }},
      {ContentCoding::deflate, [](std::string_view text) { return test::zlib(text); }},
      {ContentCoding::deflate, [](std::string_view text) { return test::raw_deflate(text); }},
      {ContentCoding::zstd, [](std::string_view text) { return test::zstd(text); }},
      {ContentCoding::snappy, [](std::string_view text) { return test::snappy_block(text); }},
      {ContentCoding::snappy, [](std::string_view text) { return test::snappy_framed(text); }}};
  for (const std::size_t size : {0u, 1u, 4096u, 262'143u, 262'144u, 262'145u, 3'000'000u}) {
    const std::string text = text_of(size, random_);
    for (std::size_t form = 0; form < forms.size(); ++form) {
      SCOPED_TRACE(std::to_string(size) + " bytes, form " + std::to_string(form));
      ASSERT_EQ(run(forms[form].first, forms[form].second(text)), Progress::complete);
      EXPECT_EQ(builder_.size(), size);
      const Content content = builder_.take();
      EXPECT_FALSE(builder_.is_under_way());
      EXPECT_TRUE(joined(content) == text);
      EXPECT_EQ(content.size(), size);
      for (const core::Buffer& piece : content.pieces) EXPECT_GT(piece.size(), 0u);
      EXPECT_LE(content.capacity(), std::max<std::size_t>(size + 2 * ContentBuilder::slice_max, 5 * size / 4));
    }
  }
}

TEST_F(ContentTest, EndsAtItsLimitAndAtAFault) {
  const std::string text = text_of(1'000'000, random_);
  for (const ContentCoding coding :
       {ContentCoding::gzip, ContentCoding::deflate, ContentCoding::zstd, ContentCoding::snappy}) {
    const std::string body = test::compress(coding, text);
    EXPECT_EQ(run(coding, body, text.size()), Progress::complete) << to_string(coding);
    EXPECT_TRUE(joined(builder_.take()) == text);
    EXPECT_EQ(run(coding, body, text.size() - 1), Progress::failed) << to_string(coding);
    builder_.take();
    EXPECT_EQ(run(coding, body.substr(0, body.size() - 1)), Progress::failed) << to_string(coding);
    builder_.take();
  }
}

TEST_F(ContentTest, IsForgottenHalfWay) {
  const std::string text = text_of(2'000'000, random_);
  const std::string body = test::gzip(text);
  ASSERT_TRUE(builder_.begin(ContentCoding::gzip, body, plenty));
  EXPECT_EQ(builder_.step(), Progress::more);
  builder_.take();
  EXPECT_FALSE(builder_.is_under_way());
  EXPECT_EQ(builder_.capacity(), 0u);
  EXPECT_EQ(decompressors_.lent(), 0u);
  ASSERT_EQ(run(ContentCoding::gzip, body), Progress::complete);
  EXPECT_TRUE(joined(builder_.take()) == text);
}

TEST_F(ContentTest, NeedsADecompressor) {
  std::vector<DecompressorPool::Lease> all;
  while (all.size() < DecompressorPool::lent_max)
    all.push_back(decompressors_.take(ContentCoding::zstd, BodyClass::small));
  const std::string body = test::gzip("a");
  EXPECT_FALSE(builder_.begin(ContentCoding::gzip, body, plenty));
  EXPECT_FALSE(builder_.is_under_way());
  all.pop_back();
  EXPECT_TRUE(builder_.begin(ContentCoding::gzip, body, plenty));
}

}  // namespace
}  // namespace logdist::codec
