#include "logdist/codec/compression/decompressor.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "codec/compression/inflate_decompressor.hpp"
#include "codec/compression/snappy_decompressor.hpp"
#include "codec/compression/zstd_decompressor.hpp"
#include "logdist/base/check.hpp"

namespace logdist::codec {
namespace {

/// Calls of a library in a row that neither read nor write, while there is something to be read.
constexpr int idle_runs_max = 8;
/// What a step decompresses once more at most.
constexpr std::size_t catch_up_max = std::size_t{256} << 10;
/// After which a step ends; it is looked at whenever so many bytes are read and written.
constexpr Duration step_time_max = std::chrono::microseconds(300);
constexpr std::size_t look_bytes = std::size_t{4} << 10;
/// More than any library takes for an ordinary MiB.
constexpr Duration ordinary_time_max = std::chrono::milliseconds(1);
/// So many bodies are measured by their own time after one that seemed to take long.
constexpr unsigned checked_bodies = 8;

}  // namespace

void Decompressor::begin(std::string_view body, std::size_t content_max) {
  body_ = body;
  position_ = 0;
  content_max_ = content_max;
  content_size_ = 0;
  behind_ = 0;
  spent_ = {};
  has_taken_long_ = was_slow_ = false;
  by_cpu_ = watch_ != nullptr && watch_->checked_bodies > 0;
  if (by_cpu_) --watch_->checked_bodies;
  contiguous_size_.reset();
  error_ = {};
  start();
}

Decompressor::Step Decompressor::step(std::span<char> out) {
  LOGDIST_CHECK(!out.empty());
  if (watch_ == nullptr) return behind_ != 0 ? catch_up() : decompress(out);
  step_began_ = now();
  const Step step = behind_ != 0 ? catch_up() : decompress(out);
  const Duration taken = now() - step_began_;
  was_slow_ = taken > 2 * step_time_max;
  spent_ += taken;
  measured(step.progress);
  if (!has_taken_long_ && spent_ > ordinary_time_max) {
    has_taken_long_ = by_cpu_;
    if (by_cpu_) {
      by_cpu_ = false;  // it is known now
    } else {
      measure_by_cpu();
    }
  }
  return step;
}

Decompressor::Step Decompressor::decompress(std::span<char> out) {
  // Once all that is allowed is written: whether that was all there is.
  char one_more = 0;
  const bool full = content_size_ == content_max_;
  out = full ? std::span(&one_more, 1) : out.first(std::min(out.size(), content_max_ - content_size_));
  const std::size_t begin = position_;
  std::size_t written = 0;
  std::size_t looked_bytes = position_;
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
    if (takes_long(position_ + written, looked_bytes)) break;
  }
  return {written, Progress::more};
}

/// What was given already, once more.
Decompressor::Step Decompressor::catch_up() {
  std::array<char, std::size_t{16} << 10> dropped;
  const std::size_t begin = position_;
  std::size_t done = 0;
  std::size_t looked_bytes = position_;
  while (behind_ != 0 && done < catch_up_max && position_ - begin < input_max()) {
    const Step step = run(std::span(dropped).first(std::min(behind_, dropped.size())));
    behind_ -= step.written;
    done += step.written;
    if (step.progress == Progress::complete && behind_ != 0) {
      return fail(DecompressErrorCode::malformed, "its data lead nowhere");
    }
    if (step.progress != Progress::more) return {0, step.progress};
    if (takes_long(position_ + done, looked_bytes)) break;
  }
  return {0, Progress::more};
}

/// Whether the step is to end because of the time that it takes. `bytes` are those read and written so far.
bool Decompressor::takes_long(std::size_t bytes, std::size_t& looked_bytes) {
  if (watch_ == nullptr || bytes - looked_bytes < look_bytes) return false;
  looked_bytes = bytes;
  return now() - step_began_ > step_time_max;
}

void Decompressor::measure_by_cpu() {
  watch_->checked_bodies = checked_bodies;
  by_cpu_ = true;
  spent_ = {};
}

void Decompressor::begin_again() {
  position_ = 0;
  behind_ = content_size_;
}

Decompressor::Step Decompressor::fail(DecompressErrorCode code, std::string_view detail, std::size_t offset) {
  error_ = {code, detail, std::min(offset, body_.size())};  // a length that it states may lead beyond its end
  return {0, Progress::failed};
}

std::unique_ptr<Decompressor> make_decompressor(ContentCoding coding, DecompressionWatch* watch) {
  switch (coding) {
    case ContentCoding::identity: break;
    case ContentCoding::gzip: return std::make_unique<GzipDecompressor>(make_inflate_stream(), watch);
    case ContentCoding::deflate: return std::make_unique<DeflateDecompressor>(make_inflate_stream(), watch);
    case ContentCoding::zstd: return std::make_unique<ZstdDecompressor>(watch);
    case ContentCoding::snappy: return std::make_unique<SnappyDecompressor>(watch);
  }
  check_failed("a coding that compresses", __FILE__, __LINE__);
}

}  // namespace logdist::codec
