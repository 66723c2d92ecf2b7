// Each coding: what comes out is what went in, however it is sliced; what is wrong is found and told.
#include "logdist/codec/decompressor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "codec/inflate_decompressor.hpp"
#include "codec/zstd_decompressor.hpp"
#include "logdist/base/random.hpp"
#include "tests/support/compress.hpp"
#include "tests/support/seed.hpp"

namespace logdist::codec {
namespace {

using namespace logdist::test;

constexpr std::size_t plenty = std::size_t{64} << 20;

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

struct Outcome {
  std::string content;
  std::optional<DecompressError> error;
  std::size_t steps = 0;
};

/// Decompresses in slices of `slice` bytes, into one place where the format wants that.
Outcome decompress(Decompressor& reader, std::string_view body, std::size_t slice, std::size_t content_max = plenty) {
  reader.begin(body, content_max);
  Outcome outcome;
  std::string place(reader.contiguous_size().value_or(0) + slice, '\0');
  for (std::size_t at = 0;;) {
    const Decompressor::Step step = reader.step(std::span(place).subspan(at, slice));
    ++outcome.steps;
    EXPECT_LE(step.written, slice);
    outcome.content.append(place, at, step.written);
    if (reader.contiguous_size()) at += step.written;
    if (step.progress == Decompressor::Progress::failed) outcome.error = reader.error();
    if (step.progress != Decompressor::Progress::more) return outcome;
  }
}

/// Log lines, some of them alike; a tenth of what cannot be compressed.
std::string text_of(std::size_t size, Random& random) {
  std::string text;
  while (text.size() < size) {
    if (random.below(10) == 0) {
      for (std::uint64_t count = random.below(2000); count > 0; --count) text += static_cast<char>(random.below(256));
    }
    text += R"({"level":"info","service":"checkout","order":)" + std::to_string(random.below(100'000)) + "}\n";
  }
  text.resize(size);
  return text;
}

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
      const Outcome outcome = decompress(*reader_, body, slice);
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
    const Outcome outcome = decompress(*reader_, std::string_view(body).substr(0, size), 4096);
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
  const Outcome outcome = decompress(*reader_, body, 4096);
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
      const Outcome whole = decompress(*reader_, body, slice, size);
      ASSERT_FALSE(whole.error) << whole.error->detail;
      ASSERT_EQ(whole.content, content);
      const Outcome over = decompress(*reader_, body, slice, size - 1);
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
    const Outcome outcome = decompress(*reader_, changed, 1 + random.below(8000), 100'000);
    refused += outcome.error ? 1u : 0u;
    if (outcome.error) {
      ASSERT_FALSE(outcome.error->detail.empty());
      ASSERT_LE(outcome.error->offset, changed.size());
    } else if (GetParam().checked) {
      ASSERT_TRUE(outcome.content == content || outcome.content.empty()) << "a checksum was not checked";
    }
  }
  EXPECT_GT(refused, GetParam().checked ? 1500u : 10u);
}

TEST_P(EachForm, BoundsWhatOneStepDoes) {
  const std::string content(8'000'000, 'x');
  const Outcome outcome = decompress(*reader_, compress(content), 100'000);
  EXPECT_FALSE(outcome.error);
  EXPECT_GE(outcome.steps, 80u);
}

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
        const Outcome outcome = decompress(reader, body, slice);
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
      const Outcome outcome = decompress(reader, body, 4096);
      if (make == &make_zlib_stream) return outcome.error ? std::string(outcome.error->detail) : "none";
      const auto other = std::make_unique<GzipDecompressor>(make_zlib_stream());
      const Outcome by_zlib = decompress(*other, body, 4096);
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
  const Outcome outcome = decompress(*reader, body, 262'144);
  EXPECT_FALSE(outcome.error);
  EXPECT_EQ(outcome.content, "");
  EXPECT_GE(outcome.steps, body.size() / Decompressor::step_input_max);
}

TEST(Deflate, WantsNoDictionary) {
  // FDICT in a header of zlib: 78 bb.
  const auto reader = make_decompressor(ContentCoding::deflate);
  const Outcome outcome = decompress(*reader, std::string("\x78\xbb\x00\x00\x00\x01\x03\x00", 8), 4096);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->detail, "it wants a preset dictionary, which nobody has");
}

TEST(Zstd, IsAllItsFrames) {
  const std::string skipped("\x50\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);
  const std::string body = skipped + zstd("one\n") + zstd("") + skipped + zstd("two\n") + skipped;
  const auto reader = make_decompressor(ContentCoding::zstd);
  for (const std::size_t slice : {1u, 3u, 4096u}) {
    const Outcome outcome = decompress(*reader, body, slice);
    ASSERT_FALSE(outcome.error) << outcome.error->detail;
    EXPECT_EQ(outcome.content, "one\ntwo\n");
  }
}

TEST(Zstd, HasAWindowOfAtMost8MiB) {
  const std::string content(9 << 20, 'x');
  const auto reader = make_decompressor(ContentCoding::zstd);
  EXPECT_FALSE(decompress(*reader, zstd(content, 3, 23), 262'144).error);
  const Outcome outcome = decompress(*reader, zstd(content, 3, 24), 262'144);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->detail, "its window is larger than 8 MiB");
  EXPECT_EQ(outcome.steps, 1u);
}

TEST(Zstd, TellsWhatIsWrong) {
  const auto reader = make_decompressor(ContentCoding::zstd);
  const Outcome text = decompress(*reader, "{\"messages\":[]}", 4096);
  ASSERT_TRUE(text.error);
  EXPECT_EQ(text.error->detail, "it does not begin with a zstd frame");
  std::string changed = zstd("a message\n");
  changed.back() ^= 1;
  const Outcome sum = decompress(*reader, changed, 4096);
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
        const Outcome outcome = decompress(*reader, body, slice);
        ASSERT_FALSE(outcome.error) << outcome.error->detail;
        ASSERT_TRUE(outcome.content == content) << size << ", " << offset << ", " << slice;
      }
    }
    for (const std::size_t offset : {std::size_t{0}, size + 1}) {
      const Outcome outcome = decompress(*reader, block_with_far_copy(literal, offset), 4'000'000);
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
  const Outcome outcome = decompress(*reader, claim, 4096);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, DecompressErrorCode::too_large);
  const Outcome no_size = decompress(*reader, "\xff\xff\xff\xff\xff\xff", 4096);
  ASSERT_TRUE(no_size.error);
  EXPECT_EQ(no_size.error->code, DecompressErrorCode::malformed);
}

TEST(Snappy, FramesMayBePaddedAndBeginAnew) {
  const std::string padding("\xfe\x03\x00\x00\x00\x00\x00", 7);
  const std::string unknown("\x80\x01\x00\x00?", 5);
  const std::string body = snappy_framed("one\n") + padding + snappy_framed(std::string(100, 'x')) + unknown;
  const auto reader = make_decompressor(ContentCoding::snappy);
  EXPECT_EQ(decompress(*reader, body, 3).content, "one\n" + std::string(100, 'x'));
  const Outcome reserved = decompress(*reader, body + std::string("\x02\x00\x00\x00", 4), 4096);
  ASSERT_TRUE(reserved.error);
  EXPECT_EQ(reserved.error->detail, "a chunk is of a type that may not be skipped");
  const Outcome large = decompress(*reader, snappy_framed(std::string(70'000, 'x'), 70'000), 100'000);
  ASSERT_TRUE(large.error);
  EXPECT_EQ(large.error->detail, "a chunk's content is above 64 KiB");
  std::string changed = snappy_framed("one\n");
  changed.back() ^= 1;
  const Outcome sum = decompress(*reader, changed, 4096);
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
