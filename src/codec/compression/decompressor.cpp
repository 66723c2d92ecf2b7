#include "logdist/codec/compression/decompressor.hpp"

#include <algorithm>

#include "codec/compression/inflate_decompressor.hpp"
#include "codec/compression/snappy_decompressor.hpp"
#include "codec/compression/zstd_decompressor.hpp"
#include "logdist/base/check.hpp"

namespace logdist::codec {
namespace {

/// Calls of a library in a row that neither read nor write, while there is something to be read.
constexpr int idle_runs_max = 8;

}  // namespace

void Decompressor::begin(std::string_view body, std::size_t content_max) {
  body_ = body;
  position_ = 0;
  content_max_ = content_max;
  content_size_ = 0;
  contiguous_size_.reset();
  error_ = {};
  start();
}

Decompressor::Step Decompressor::step(std::span<char> out) {
  LOGDIST_CHECK(!out.empty());
  // Once all that is allowed is written: whether that was all there is.
  char one_more = 0;
  const bool full = content_size_ == content_max_;
  out = full ? std::span(&one_more, 1) : out.first(std::min(out.size(), content_max_ - content_size_));
  const std::size_t begin = position_;
  std::size_t written = 0;
  for (int idle_runs = 0; written < out.size() && position_ - begin < input_max();) {
    const std::size_t before = position_;
    const Step step = run(out.subspan(written));
    if (step.progress == Progress::failed) return step;
    if (full && step.written != 0) return fail(DecompressErrorCode::too_large, "its content is larger than allowed");
    written += step.written;
    content_size_ += step.written;
    if (step.progress == Progress::complete) return {written, Progress::complete};
    idle_runs = step.written == 0 && position_ == before ? idle_runs + 1 : 0;
    if (idle_runs == idle_runs_max) return fail(DecompressErrorCode::malformed, "its data lead nowhere");
  }
  return {written, Progress::more};
}

Decompressor::Step Decompressor::fail(DecompressErrorCode code, std::string_view detail, std::size_t offset) {
  error_ = {code, detail, std::min(offset, body_.size())};  // a length that it states may lead beyond its end
  return {0, Progress::failed};
}

std::unique_ptr<Decompressor> make_decompressor(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::identity: break;
    case ContentCoding::gzip: return std::make_unique<GzipDecompressor>(make_inflate_stream());
    case ContentCoding::deflate: return std::make_unique<DeflateDecompressor>(make_inflate_stream());
    case ContentCoding::zstd: return std::make_unique<ZstdDecompressor>();
    case ContentCoding::snappy: return std::make_unique<SnappyDecompressor>();
  }
  check_failed("a coding that compresses", __FILE__, __LINE__);
}

}  // namespace logdist::codec
