// Each coding: what comes out is what went in, however it is sliced; what is wrong is found and told.
#include "logdist/codec/compression/decompressor.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "codec/compression/inflate_decompressor.hpp"
#include "logdist/base/random.hpp"
#include "tests/codec/compression/decompress.hpp"
#include "tests/codec/compression/hostile_streams.hpp"
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

/// By which everything takes too long at once.
TimePoint hasty_clock() {
  static TimePoint now;
  return now += std::chrono::seconds(1);
}
/// By which it does now and then, somewhere in the middle.
TimePoint clock_with_jumps() {
  static TimePoint now;
  static int calls = 0;
  return now += ++calls % 23 == 0 ? Duration(std::chrono::seconds(1)) : Duration::zero();
}
template <ContentCoding coding, TimePoint (*clock)()>
std::unique_ptr<Decompressor> watched_reader() {
  static DecompressionWatch watch{clock, clock};
  return make_decompressor(coding, &watch);
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
    {"gzip_given_up", gzip_6, watched_reader<ContentCoding::gzip, hasty_clock>},
    {"gzip_with_jumps", gzip_6, watched_reader<ContentCoding::gzip, clock_with_jumps>},
    {"zlib_with_jumps", zlib_6, watched_reader<ContentCoding::deflate, clock_with_jumps>},
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

/// isa-l makes its tables anew for each block, even if that is empty and ten bits.
TEST(Deflate, EndsAStepEarlyWhereNothingComesOfIt) {
  const HostileStream stream = hostile_streams(125'000).front();
  const auto reader = make_decompressor(stream.coding);
  const Decompressed outcome = decompress(*reader, stream.bytes, 64 << 10);
  EXPECT_FALSE(outcome.error);
  EXPECT_EQ(outcome.content, "");
  EXPECT_GE(outcome.steps, stream.bytes.size() / Decompressor::barren_input_max);
}

TEST(HostileStreams, HaveTheSameContentHoweverLongTheyTake) {
  for (const HostileStream& stream : hostile_streams(40'000)) {
    const Decompressed outcome = decompress(*make_decompressor(stream.coding), stream.bytes, 262'144);
    ASSERT_FALSE(outcome.error) << stream.name << ": " << outcome.error->detail;
    for (const auto clock : {&hasty_clock, &clock_with_jumps}) {
      DecompressionWatch watch{clock, clock};
      const auto reader = make_decompressor(stream.coding, &watch);
      for (const std::size_t slice : {1000u, 262'144u}) {
        const Decompressed watched = decompress(*reader, stream.bytes, slice);
        ASSERT_FALSE(watched.error) << stream.name << ": " << watched.error->detail;
        ASSERT_TRUE(watched.content == outcome.content) << stream.name << " by " << slice;
      }
    }
  }
}

/// A library that is as slow as it is told to be.
class TimedStream final : public InflateStream {
 public:
  static inline TimePoint now;
  static TimePoint clock() { return now; }

  TimedStream(Duration each_byte, std::size_t& consumed) : each_byte_(each_byte), consumed_(consumed) {}

  void begin(InflateWrapper wrapper) override { stream_->begin(wrapper); }
  Result inflate(std::string_view in, std::span<char> out) override {
    const Result result = stream_->inflate(in, out);
    now += each_byte_ * result.consumed;
    consumed_ += static_cast<std::size_t>(result.consumed);
    return result;
  }

 private:
  const std::unique_ptr<InflateStream> stream_ = make_zlib_stream();
  const Duration each_byte_;
  std::size_t& consumed_;
};

class WatchedGzip : public ::testing::Test {
 protected:
  /// Of the body, what the fast library has read of it.
  std::size_t read_by_the_fast(Duration each_byte, DecompressionWatch& watch) {
    std::size_t consumed = 0;
    GzipDecompressor reader(std::make_unique<TimedStream>(each_byte, consumed), &watch);
    EXPECT_TRUE(decompress(reader, body_, 262'144).content == content_);
    return consumed;
  }
  std::size_t read_by_the_fast(Duration each_byte) { return read_by_the_fast(each_byte, watch_); }

  Random random_{logdist::test::draw_seed()};
  const std::string content_ = text_of(2'000'000, random_);
  const std::string body_ = gzip(content_);
  DecompressionWatch watch_{&TimedStream::clock, &TimedStream::clock};
};

TEST_F(WatchedGzip, IsTakenFromALibraryThatNeedsTooLongAndSoAreTheNext) {
  ASSERT_GT(body_.size(), 100'000u);
  const std::size_t two_pieces = Decompressor::barren_input_max + Decompressor::piece_max;
  EXPECT_LE(read_by_the_fast(std::chrono::microseconds(1)), two_pieces);
  const unsigned others = watch_.steady_bodies;
  EXPECT_GT(others, 0u);
  for (unsigned i = 0; i < others; ++i) ASSERT_EQ(read_by_the_fast(std::chrono::microseconds(1)), 0u);
  const std::size_t again = read_by_the_fast(std::chrono::microseconds(1));
  EXPECT_GT(again, 0u) << "it may try again";
  EXPECT_LE(again, two_pieces);
}

TEST_F(WatchedGzip, IsLeftToALibraryThatNeedsNotMuchLongerThanUsual) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(read_by_the_fast(std::chrono::nanoseconds(4)), body_.size());
  EXPECT_EQ(watch_.steady_bodies, 0u);
}

TEST_F(WatchedGzip, IsLeftToALibraryThatOthersHaveHeldUp) {
  DecompressionWatch others{&TimedStream::clock, [] { return TimePoint(); }};
  EXPECT_EQ(read_by_the_fast(std::chrono::microseconds(1), others), body_.size());
  EXPECT_GT(others.checked_bodies, 0u);
  EXPECT_EQ(others.steady_bodies, 0u);
}

TEST(Zstd, EndsAStepThatHasTakenLong) {
  Random random(logdist::test::draw_seed());
  std::string noise(500'000, '\0');
  for (char& byte : noise) byte = static_cast<char>(random.below(256));
  const std::string body = zstd(noise);
  DecompressionWatch watch{&hasty_clock, &hasty_clock};
  const auto hurried = make_decompressor(ContentCoding::zstd, &watch);
  const auto leisurely = make_decompressor(ContentCoding::zstd);
  EXPECT_GE(decompress(*hurried, body, 262'144).steps, body.size() / Decompressor::piece_max);
  EXPECT_LE(decompress(*leisurely, body, 262'144).steps, 3 + body.size() / Decompressor::step_input_max);
}

}  // namespace
}  // namespace logdist::codec
