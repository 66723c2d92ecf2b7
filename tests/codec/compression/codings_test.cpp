// What is particular to each coding: members, frames, windows, claims; and the words for what is wrong.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codec/compression/inflate_decompressor.hpp"
#include "logdist/base/random.hpp"
#include "logdist/codec/compression/decompressor.hpp"
#include "tests/codec/compression/decompress.hpp"
#include "tests/support/compress.hpp"
#include "tests/support/seed.hpp"

namespace logdist::codec {
namespace {

using namespace logdist::test;

/// `members` of them, one behind the other.
template <typename Compress>
std::string in_a_row(int members, Compress compress) {
  std::string body;
  for (int i = 0; i < members; ++i) body += compress("member " + std::to_string(i) + "\n");
  return body;
}

TEST(Gzip, IsAllItsMembers) {
  std::string content;
  for (int i = 0; i < 20'000; ++i) content += "member " + std::to_string(i) + "\n";
  for (const auto make : {&make_isal_stream, &make_zlib_stream}) {
    GzipDecompressor reader(make());
    for (const int level : {0, 1, 9}) {
      const std::string body = in_a_row(20'000, [level](const std::string& text) { return gzip(text, level); });
      for (const std::size_t slice : {1000u, 65'536u, 1'000'000u}) {
        const Decompressed outcome = decompress(reader, body, slice);
        ASSERT_FALSE(outcome.error) << outcome.error->detail << " at " << outcome.error->offset;
        ASSERT_TRUE(outcome.content == content);
      }
    }
  }
}

TEST(Gzip, HasMembersWhoseHeadersHaveEverything) {
  // Flags: text, header checksum, extra, name, comment; made by hand around raw deflate.
  const std::string content = "a message\n";
  const std::string plain = gzip(content);
  const std::string trailer = plain.substr(plain.size() - 8);
  std::string with_name("\x1f\x8b\x08\x1c\x00\x00\x00\x00\x00\x03", 10);
  with_name += std::string("\x04\x00", 2) + "ab12" + std::string("name\0", 5) + std::string("comment\0", 8);
  const std::string body = with_name + raw_deflate(content) + trailer;
  for (const auto make : {&make_isal_stream, &make_zlib_stream}) {
    GzipDecompressor reader(make());
    EXPECT_EQ(decompress(reader, body + plain, 4096).content, content + content);
  }
}

TEST(Gzip, TellsWhatIsWrong) {
  const std::string good = gzip("a message\n");
  const auto detail_of = [](std::string_view body) {
    for (const auto make : {&make_isal_stream, &make_zlib_stream}) {
      GzipDecompressor reader(make());
      const Decompressed outcome = decompress(reader, body, 4096);
      if (make == &make_zlib_stream) return outcome.error ? std::string(outcome.error->detail) : "none";
      const auto other = std::make_unique<GzipDecompressor>(make_zlib_stream());
      const Decompressed by_zlib = decompress(*other, body, 4096);
      EXPECT_EQ(outcome.error->detail, by_zlib.error->detail);
    }
    return std::string();
  };
  EXPECT_EQ(detail_of("{\"messages\":[]}"), "its header is wrong");
  std::string changed = good;
  changed[2] = 7;
  EXPECT_EQ(detail_of(changed), "its header is wrong") << "the method";
  changed = good;
  changed[changed.size() - 1] ^= 1;
  EXPECT_EQ(detail_of(changed), "its checksum or its length differs from what its content has");
  changed = good;
  changed[changed.size() - 8] ^= 1;
  EXPECT_EQ(detail_of(changed), "its checksum or its length differs from what its content has");
  changed = good;
  changed[10] = '\xff';
  EXPECT_EQ(detail_of(changed), "its data are no deflate stream");
  EXPECT_EQ(detail_of(good.substr(0, good.size() - 1)), "it ends before its end");
  EXPECT_EQ(detail_of(good + std::string(3, '\0')), "behind its end come bytes which are no further gzip member");
}

TEST(Gzip, OfEmptyMembersTakesManySteps) {
  std::string body;
  for (int i = 0; i < 50'000; ++i) body += gzip("");
  const auto reader = make_decompressor(ContentCoding::gzip);
  const Decompressed outcome = decompress(*reader, body, 262'144);
  EXPECT_FALSE(outcome.error);
  EXPECT_EQ(outcome.content, "");
  EXPECT_GE(outcome.steps, body.size() / Decompressor::step_input_max);
}

TEST(Deflate, WantsNoDictionary) {
  // FDICT in a header of zlib: 78 bb.
  const auto reader = make_decompressor(ContentCoding::deflate);
  const Decompressed outcome = decompress(*reader, std::string("\x78\xbb\x00\x00\x00\x01\x03\x00", 8), 4096);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->detail, "it wants a preset dictionary, which nobody has");
}

TEST(Zstd, IsAllItsFrames) {
  const std::string skipped("\x50\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);
  const std::string body = skipped + zstd("one\n") + zstd("") + skipped + zstd("two\n") + skipped;
  const auto reader = make_decompressor(ContentCoding::zstd);
  for (const std::size_t slice : {1u, 3u, 4096u}) {
    const Decompressed outcome = decompress(*reader, body, slice);
    ASSERT_FALSE(outcome.error) << outcome.error->detail;
    EXPECT_EQ(outcome.content, "one\ntwo\n");
  }
}

TEST(Zstd, HasAWindowOfAtMost8MiB) {
  const std::string content(9 << 20, 'x');
  const auto reader = make_decompressor(ContentCoding::zstd);
  EXPECT_FALSE(decompress(*reader, zstd(content, 3, 23), 262'144).error);
  const Decompressed outcome = decompress(*reader, zstd(content, 3, 24), 262'144);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->detail, "its window is larger than 8 MiB");
  EXPECT_EQ(outcome.steps, 1u);
}

TEST(Zstd, TellsWhatIsWrong) {
  const auto reader = make_decompressor(ContentCoding::zstd);
  const Decompressed text = decompress(*reader, "{\"messages\":[]}", 4096);
  ASSERT_TRUE(text.error);
  EXPECT_EQ(text.error->detail, "it does not begin with a zstd frame");
  std::string changed = zstd("a message\n");
  changed.back() ^= 1;
  const Decompressed sum = decompress(*reader, changed, 4096);
  ASSERT_TRUE(sum.error);
  EXPECT_EQ(sum.error->detail, "its checksum differs from its content's");
}

/// A block by hand: its size, a literal of `literal` bytes, and a copy of 64 bytes from `offset` back.
std::string block_with_far_copy(const std::string& literal, std::size_t offset) {
  std::string block;
  for (std::size_t size = literal.size() + 64; size != 0; size >>= 7) {
    block += static_cast<char>((size & 0x7f) | (size > 0x7f ? 0x80 : 0));
  }
  const std::size_t length = literal.size() - 1;
  block += static_cast<char>(62 << 2);
  block += {static_cast<char>(length), static_cast<char>(length >> 8), static_cast<char>(length >> 16)};
  block += literal;
  block += static_cast<char>((63 << 2) | 3);
  for (int at = 0; at < 4; ++at) block += static_cast<char>(offset >> (8 * at));
  return block;
}

TEST(Snappy, CopiesFromAnywhereBefore) {
  Random random(logdist::test::draw_seed());
  const auto reader = make_decompressor(ContentCoding::snappy);
  for (const std::size_t size : {100'000u, 3'000'000u}) {
    const std::string literal = text_of(size, random);
    for (const std::size_t offset : {std::size_t{1}, std::size_t{3}, std::size_t{70'000}, size}) {
      const std::string body = block_with_far_copy(literal, offset);
      std::string content = literal;
      for (int i = 0; i < 64; ++i) content += content[content.size() - offset];
      for (const std::size_t slice : {9999u, 262'144u, 4'000'000u}) {
        const Decompressed outcome = decompress(*reader, body, slice);
        ASSERT_FALSE(outcome.error) << outcome.error->detail;
        ASSERT_TRUE(outcome.content == content) << size << ", " << offset << ", " << slice;
      }
    }
    for (const std::size_t offset : {std::size_t{0}, size + 1}) {
      const Decompressed outcome = decompress(*reader, block_with_far_copy(literal, offset), 4'000'000);
      ASSERT_TRUE(outcome.error);
      EXPECT_EQ(outcome.error->detail, "its data are no snappy block");
      EXPECT_EQ(outcome.error->offset, block_with_far_copy(literal, offset).size() - 5);
    }
  }
}

TEST(Snappy, IsNotBelievedWhatItClaims) {
  const auto reader = make_decompressor(ContentCoding::snappy);
  const std::string claim("\xff\xff\xff\xff\x0f\x00x", 7);
  reader->begin(claim, plenty);
  EXPECT_EQ(reader->contiguous_size(), std::nullopt) << "nothing is to be allocated";
  const Decompressed outcome = decompress(*reader, claim, 4096);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, DecompressErrorCode::too_large);
  const Decompressed no_size = decompress(*reader, "\xff\xff\xff\xff\xff\xff", 4096);
  ASSERT_TRUE(no_size.error);
  EXPECT_EQ(no_size.error->code, DecompressErrorCode::malformed);
}

TEST(Snappy, FramesMayBePaddedAndBeginAnew) {
  const std::string padding("\xfe\x03\x00\x00\x00\x00\x00", 7);
  const std::string unknown("\x80\x01\x00\x00?", 5);
  const std::string body = snappy_framed("one\n") + padding + snappy_framed(std::string(100, 'x')) + unknown;
  const auto reader = make_decompressor(ContentCoding::snappy);
  EXPECT_EQ(decompress(*reader, body, 3).content, "one\n" + std::string(100, 'x'));
  const Decompressed reserved = decompress(*reader, body + std::string("\x02\x00\x00\x00", 4), 4096);
  ASSERT_TRUE(reserved.error);
  EXPECT_EQ(reserved.error->detail, "a chunk is of a type that may not be skipped");
  const Decompressed large = decompress(*reader, snappy_framed(std::string(70'000, 'x'), 70'000), 100'000);
  ASSERT_TRUE(large.error);
  EXPECT_EQ(large.error->detail, "a chunk's content is above 64 KiB");
  std::string changed = snappy_framed("one\n");
  changed.back() ^= 1;
  const Decompressed sum = decompress(*reader, changed, 4096);
  ASSERT_TRUE(sum.error);
  EXPECT_EQ(sum.error->detail, "a chunk's checksum differs from its content's");
}

TEST(ContentCodings, AreFoundByName) {
  using core::accepted_codings;
  using core::find_coding;
  EXPECT_EQ(find_coding("GZip"), ContentCoding::gzip);
  EXPECT_EQ(find_coding("x-gzip"), ContentCoding::gzip);
  EXPECT_EQ(find_coding("identity"), ContentCoding::identity);
  EXPECT_EQ(find_coding("br"), std::nullopt);
  EXPECT_EQ(find_coding(""), std::nullopt);
  for (const ContentCoding coding :
       {ContentCoding::gzip, ContentCoding::deflate, ContentCoding::zstd, ContentCoding::snappy}) {
    EXPECT_EQ(find_coding(to_string(coding)), coding);
    EXPECT_NE(accepted_codings.find(to_string(coding)), std::string_view::npos);
  }
}

}  // namespace
}  // namespace logdist::codec
