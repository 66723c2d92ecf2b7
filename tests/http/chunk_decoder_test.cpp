// What the decoder takes of a chunked body, and what it refuses, whole and byte by byte.
#include "logdist/http/chunk_decoder.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>

namespace logdist::http {
namespace {

using namespace std::string_literals;

constexpr std::uint64_t max_body = 100'000;

struct Decoded {
  Progress progress = Progress::need_more;
  std::string body;
  std::size_t consumed = 0;
  Error error;
};

/// Decodes what arrives `step` bytes at a time.
Decoded decode(std::string_view bytes, std::size_t step) {
  ChunkDecoder decoder(max_body);
  Decoded decoded;
  for (std::size_t at = 0; at < bytes.size() && decoded.progress == Progress::need_more; at += step) {
    std::string_view piece = bytes.substr(at, step);
    while (!piece.empty() && decoded.progress == Progress::need_more) {
      const ChunkDecoder::Step taken = decoder.decode(piece);
      decoded.progress = taken.progress;
      decoded.body += taken.data;
      decoded.consumed += taken.consumed;
      piece.remove_prefix(taken.consumed);
    }
  }
  decoded.error = decoder.error();
  return decoded;
}

Decoded decode(const std::string& bytes) {
  SCOPED_TRACE(bytes.substr(0, 200));
  const Decoded whole = decode(bytes, bytes.size());
  for (const std::size_t step : {1u, 2u, 3u}) {
    const Decoded pieces = decode(bytes, step);
    EXPECT_EQ(pieces.progress, whole.progress);
    EXPECT_EQ(pieces.body, whole.body);
    EXPECT_EQ(pieces.consumed, whole.consumed);
    EXPECT_EQ(pieces.error.detail, whole.error.detail);
  }
  return whole;
}

TEST(ChunkDecoder, TakesWellFormedBodies) {
  for (const auto& [chunks, body] : std::initializer_list<std::pair<std::string, std::string_view>>{
           {"0\r\n\r\n", ""},
           {"000\r\n\r\n", ""},
           {"2\r\nab\r\n0\r\n\r\n", "ab"},
           {"00000000000000000002\r\nab\r\n0\r\n\r\n", "ab"},
           {"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"},
           {"2\r\n\r\n\r\n0\r\n\r\n", "\r\n"},
           {"2 \t \r\nab\r\n0  \r\n\r\n", "ab"},
           {"2;a\r\nab\r\n0;b\r\n\r\n", "ab"},
           {"2;a=b;c=\"d;\\\"e\\\\\";f \r\nab\r\n0\r\n\r\n", "ab"},
           {"2 ; a = b ; c\r\nab\r\n0\r\n\r\n", "ab"},
           {"2;a=\"\t \x80\xff\"\r\nab\r\n0\r\n\r\n", "ab"},
           {"2\r\nab\r\n0\r\nTrailer: v\r\nX:\r\nContent-Type: t\r\n\r\n", "ab"},
       }) {
    const Decoded decoded = decode(chunks);
    EXPECT_EQ(decoded.progress, Progress::complete) << chunks << ": " << decoded.error.detail;
    EXPECT_EQ(decoded.body, body) << chunks;
    EXPECT_EQ(decoded.consumed, chunks.size()) << chunks;
    const Decoded more = decode(chunks + "POST /");
    EXPECT_EQ(more.consumed, chunks.size()) << "the next request begins there";
    const Decoded less = decode(chunks.substr(0, chunks.size() - 1));
    EXPECT_EQ(less.progress, Progress::need_more);
  }
}

/// Each is refused by its last byte, before there is more of it.
void expect_refused(std::initializer_list<std::pair<std::string, const Error*>> cases) {
  for (const auto& [chunks, error] : cases) {
    if (chunks.size() > 1) {
      EXPECT_EQ(decode(chunks.substr(0, chunks.size() - 1)).progress, Progress::need_more) << chunks;
    }
    const Decoded decoded = decode(chunks);
    EXPECT_EQ(decoded.progress, Progress::failed) << chunks;
    EXPECT_EQ(decoded.error.detail, error->detail) << chunks;
    EXPECT_LE(decoded.body.size(), 2u) << chunks;
  }
}

TEST(ChunkDecoder, RefusesOtherSizesAndExtensionsAtOnce) {
  expect_refused({
      {"x", &errors::bad_chunk},
      {"\r", &errors::bad_chunk},
      {" ", &errors::bad_chunk},
      {"-", &errors::bad_chunk},
      {"+", &errors::bad_chunk},
      {";", &errors::bad_chunk},
      {"\n", &errors::bare_lf},
      {"5\n", &errors::bare_lf},
      {"5 \n", &errors::bare_lf},
      {"5;a\n", &errors::bare_lf},
      {"5;a=b\n", &errors::bare_lf},
      {"5;a=\"b\n", &errors::bare_lf},
      {"5\ra", &errors::bare_cr},
      {"5\r\r", &errors::bare_cr},
      {"0x", &errors::bad_extension},
      {"5 5", &errors::bad_extension},
      {"5_", &errors::bad_extension},
      {"5h", &errors::bad_extension},
      {"5,", &errors::bad_extension},
      {"5;\r", &errors::bad_extension},
      {"5;=", &errors::bad_extension},
      {"5;;", &errors::bad_extension},
      {"5;a=\r", &errors::bad_extension},
      {"5;a=;", &errors::bad_extension},
      {"5;a b", &errors::bad_extension},
      {"5;a=b=", &errors::bad_extension},
      {"5;a=b c", &errors::bad_extension},
      {"5;a=\"b\"c", &errors::bad_extension},
      {"5;a=\"\r", &errors::bad_extension},
      {"5;a=\"\\\r", &errors::bad_extension},
      {"5;a=\"\0"s, &errors::bad_extension},
      {"5;a=\"\x01", &errors::bad_extension},
      {"5;a=\"\x7f", &errors::bad_extension},
      {"5;a=\"\\\x7f", &errors::bad_extension},
      {"5;a\x01", &errors::bad_extension},
      {"5;a=\x80", &errors::bad_extension},
  });
}

TEST(ChunkDecoder, RefusesOtherDataAndTrailersAtOnce) {
  expect_refused({
      {"2\r\nabc", &errors::bad_chunk},
      {"2\r\nab\n", &errors::bare_lf},
      {"2\r\nab\rc", &errors::bare_cr},
      {"2\r\nab\r\n\r", &errors::bad_chunk},
      {"10000000000000000", &errors::bad_chunk},
      {"2\r\nab\r\n10000000000000002", &errors::bad_chunk},
      {"186a1\r\n", &errors::large_body},
      {"ffffffffffffffff\r\n", &errors::large_body},
      {"1\r\na\r\n186a0\r\n", &errors::large_body},
      {"1\r\na\r\nffffffffffffffff\r\n", &errors::large_body},
      {"0\n", &errors::bare_lf},
      {"0\r\n\n", &errors::bare_lf},
      {"0\r\n\rx", &errors::bare_cr},
      {"0\r\nX: a\n", &errors::bare_lf},
      {"0\r\nX: a\rb", &errors::bare_cr},
      {"0\r\n ", &errors::folded},
      {"0\r\nX: a\r\n ", &errors::folded},
      {"0\r\nX: a\r\n\t", &errors::folded},
      {"0\r\nX ", &errors::bad_name},
      {"0\r\nX\r", &errors::bad_name},
      {"0\r\n:", &errors::bad_name},
      {"0\r\nX: \x01", &errors::bad_value},
      {"0\r\nX: \x7f", &errors::bad_value},
      {"0\r\nContent-Length:", &errors::framing_in_trailer},
      {"0\r\nX: y\r\ntransfer-Encoding:", &errors::framing_in_trailer},
  });
}

TEST(ChunkDecoder, ABodyMayHaveAllThatItMay) {
  const std::string all(max_body, 'x');
  EXPECT_EQ(decode("186a0\r\n" + all + "\r\n0\r\n\r\n", 4'096).body.size(), max_body);
  const std::string in_two = "1\r\nx\r\n1869f\r\n" + all.substr(1) + "\r\n";
  EXPECT_EQ(decode(in_two + "0\r\n\r\n", 4'096).progress, Progress::complete);
  EXPECT_EQ(decode(in_two + "1\r\n", 4'096).error.detail, errors::large_body.detail);
}

TEST(ChunkDecoder, LinesAreBounded) {
  const std::string most(ChunkDecoder::max_lines_size - 3, ' ');
  EXPECT_EQ(decode("1" + most + "\r\n").progress, Progress::need_more);
  EXPECT_EQ(decode("1" + most + " \r\n").error.detail, errors::long_chunk_lines.detail);
  std::string trailer = "0\r\n";
  for (int line = 0; line < 2'000; ++line) trailer += "X-Y: abcd\r\n";
  EXPECT_EQ(decode(trailer).error.detail, errors::long_chunk_lines.detail) << "all of them together";
}

/// Extensions must not make a small body cost much more than a large one.
TEST(ChunkDecoder, ExtensionsAreBoundedByTheData) {
  const std::string extension = ";e=" + std::string(1'000, 'x') + "\r\n";
  std::string small;
  for (int chunk = 0; chunk < 20; ++chunk) small += "1" + extension + "a\r\n";
  EXPECT_EQ(decode(small).error.detail, errors::many_extensions.detail);
  std::string large;
  for (int chunk = 0; chunk < 100; ++chunk) large += "200" + extension + std::string(512, 'a') + "\r\n";
  EXPECT_EQ(decode(large + "0\r\n\r\n").progress, Progress::complete);
  std::string bare;
  for (int chunk = 0; chunk < 50'000; ++chunk) bare += "1;name=\"a;b\"\r\na\r\n";
  EXPECT_EQ(decode(bare + "0\r\n\r\n", 4'096).progress, Progress::complete);
}

}  // namespace
}  // namespace logdist::http
