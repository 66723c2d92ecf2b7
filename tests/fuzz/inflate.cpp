// Any bytes as a compressed body: an error with a place within it, or content within its bound; the same
// however it is sliced, and what the coding's own library says of it. The first byte picks coding and slices.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <snappy.h>
#include <zlib.h>

#include "logdist/base/check.hpp"
#include "logdist/codec/compression/decompressor.hpp"

namespace logdist::codec {
namespace {

constexpr std::size_t content_max = std::size_t{1} << 18;

struct Outcome {
  std::string content;
  bool failed = false;
};

Outcome decompress(Decompressor& reader, std::string_view body, std::size_t slice) {
  reader.begin(body, content_max);
  LOGDIST_CHECK(reader.contiguous_size().value_or(0) <= content_max);
  std::string place(reader.contiguous_size().value_or(0) + slice, '\0');
  Outcome outcome;
  for (std::size_t at = 0;;) {
    const Decompressor::Step step = reader.step(std::span(place).subspan(at, slice));
    LOGDIST_CHECK(step.written <= slice);
    outcome.content.append(place, at, step.written);
    LOGDIST_CHECK(outcome.content.size() <= content_max);
    if (reader.contiguous_size()) at += step.written;
    if (step.progress == Decompressor::Progress::more) continue;
    outcome.failed = step.progress == Decompressor::Progress::failed;
    LOGDIST_CHECK(!outcome.failed || (!reader.error().detail.empty() && reader.error().offset <= body.size()));
    return outcome;
  }
}

/// Whether zlib takes the body for gzip, all its members, with that content.
bool zlib_agrees(std::string_view body, const std::string& content) {
  std::string by_zlib;
  while (!body.empty()) {
    z_stream stream{};
    LOGDIST_CHECK(inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK);
    std::string member(content_max + 1, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream.avail_in = static_cast<uInt>(body.size());
    stream.next_out = reinterpret_cast<Bytef*>(member.data());
    stream.avail_out = static_cast<uInt>(member.size());
    const int code = ::inflate(&stream, Z_FINISH);
    by_zlib.append(member, 0, stream.total_out);
    body.remove_prefix(stream.total_in);
    inflateEnd(&stream);
    if (code != Z_STREAM_END) return true;  // it is stricter with codes that are not complete
  }
  return by_zlib == content;
}

void compare(ContentCoding coding, std::string_view body, std::size_t slice) {
  static const std::unique_ptr<Decompressor> readers[] = {
      nullptr, make_decompressor(ContentCoding::gzip), make_decompressor(ContentCoding::deflate),
      make_decompressor(ContentCoding::zstd), make_decompressor(ContentCoding::snappy)};
  Decompressor& reader = *readers[static_cast<std::size_t>(coding)];
  const Outcome outcome = decompress(reader, body, slice);
  const Outcome whole = decompress(reader, body, content_max);
  LOGDIST_CHECK(outcome.failed == whole.failed);
  LOGDIST_CHECK(outcome.failed || outcome.content == whole.content);
  if (coding == ContentCoding::gzip && !whole.failed) LOGDIST_CHECK(zlib_agrees(body, whole.content));
  std::size_t claimed = 0;
  if (coding != ContentCoding::snappy || body.starts_with("\xff\x06")) return;
  if (!snappy::GetUncompressedLength(body.data(), body.size(), &claimed) || claimed > content_max) return;
  std::string by_snappy;
  LOGDIST_CHECK(snappy::Uncompress(body.data(), body.size(), &by_snappy) == !outcome.failed);
  LOGDIST_CHECK(outcome.failed || by_snappy == outcome.content);
}

}  // namespace
}  // namespace logdist::codec

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using logdist::codec::ContentCoding;
  if (size == 0) return 0;
  const std::size_t slices[] = {1, 7, 100, 4096};
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  logdist::codec::compare(static_cast<ContentCoding>(1 + (data[0] & 3)), body, slices[data[0] >> 2 & 3]);
  return 0;
}
