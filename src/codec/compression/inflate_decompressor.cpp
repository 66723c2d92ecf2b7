#include "codec/compression/inflate_decompressor.hpp"

#include <algorithm>
#include <chrono>

#include "logdist/base/check.hpp"

namespace logdist::codec {
namespace {

constexpr std::string_view gzip_magic = "\x1f\x8b";

/// What the fast library may take for a body, and for each byte of it or of its content, whichever are more: ten times
/// what it takes for logs, and three times what it takes where each line is flushed.
constexpr Duration patience = std::chrono::microseconds(50);
constexpr Duration patience_per_byte = std::chrono::nanoseconds(4);
/// So many bodies are zlib's after one that was not for isa-l: whoever sends one sends more.
constexpr unsigned steady_bodies = 100;

/// A header of zlib: method 8, a window of at most 32 KiB, and a remainder of 0 (RFC 1950, 2.2). Raw deflate
/// would begin so only with a stored block whose padding is not zero, which nobody writes.
bool begins_with_zlib_header(std::string_view body) {
  if (body.size() < 2) return false;
  const auto first = static_cast<unsigned char>(body[0]);
  const auto second = static_cast<unsigned char>(body[1]);
  return (first & 0x0f) == 8 && first >> 4 <= 7 && (first * 256 + second) % 31 == 0;
}

}  // namespace

std::unique_ptr<InflateStream> make_inflate_stream() {
#if LOGDIST_WITH_ISAL
  return make_isal_stream();
#else
  return make_zlib_stream();
#endif
}

void InflateDecompressor::start() {
  stream_ = fast_.get();
  measured_from_ = 0;
  if (watch() != nullptr && watch()->steady_bodies > 0) {
    --watch()->steady_bodies;
    take_steady();
  }
  start_streams();
}

void InflateDecompressor::take_steady() {
  if (!steady_) steady_ = make_zlib_stream();
  stream_ = steady_.get();
}

void InflateDecompressor::begin_stream(InflateWrapper wrapper) {
  stream_begin_ = position_;
  stream_->begin(wrapper);
}

Decompressor::Step InflateDecompressor::inflate(std::span<char> out, bool& ended) {
  using Status = InflateStream::Status;
  // Each call costs isa-l two copies of 32 KiB, so it gets more at a time, as long as nothing is the matter.
  const bool is_trusted = stream_ == fast_.get() && !is_measured_by_cpu();
  const std::size_t in_max = is_trusted ? input_max() : std::min(input_max(), piece_max);
  const InflateStream::Result result = stream_->inflate(rest().substr(0, in_max), out);
  position_ += static_cast<std::size_t>(result.consumed);
  ended = result.status == Status::ended;
  if (!ended && result.status != Status::more) return fail_of(result.status);
  if (!ended && result.written == 0 && at_end()) {
    return fail(DecompressErrorCode::truncated, "it ends before its end");
  }
  return {result.written, Progress::more};
}

void InflateDecompressor::measured(Progress progress) {
  if (stream_ != fast_.get()) return;
  const std::size_t bytes = std::max(position_, content_size());
  if (spent() <= patience + patience_per_byte * static_cast<Duration::rep>(bytes - measured_from_)) return;
  if (!is_measured_by_cpu()) {
    measure_by_cpu();  // others may have had the processor meanwhile
    measured_from_ = bytes;
    return;
  }
  watch()->steady_bodies = steady_bodies;
  if (progress != Progress::more) return;
  take_steady();
  begin_again();
  start_streams();
}

Decompressor::Step InflateDecompressor::fail_of(InflateStream::Status status) {
  using Status = InflateStream::Status;
  switch (status) {
    case Status::bad_header: return fail(DecompressErrorCode::malformed, "its header is wrong", stream_begin_);
    case Status::wants_dictionary:
      return fail(DecompressErrorCode::malformed, "it wants a preset dictionary, which nobody has", stream_begin_);
    case Status::bad_data: return fail(DecompressErrorCode::malformed, "its data are no deflate stream");
    case Status::bad_checksum:
      return fail(DecompressErrorCode::malformed, "its checksum or its length differs from what its content has");
    case Status::more:
    case Status::ended: break;
  }
  check_failed("an error", __FILE__, __LINE__);
}

void GzipDecompressor::start_streams() { in_member_ = false; }

Decompressor::Step GzipDecompressor::run(std::span<char> out) {
  if (!in_member_) {
    const bool is_first = position_ == 0;
    if (at_end() && !is_first) return {0, Progress::complete};
    if (!is_first && !rest().starts_with(gzip_magic.substr(0, rest().size()))) {
      return fail(DecompressErrorCode::trailing, "behind its end come bytes which are no further gzip member");
    }
    in_member_ = true;
    begin_stream(InflateWrapper::gzip);
  }
  bool ended = false;
  const Step step = inflate(out, ended);
  if (!ended) return step;
  in_member_ = false;
  return {step.written, at_end() ? Progress::complete : Progress::more};
}

void DeflateDecompressor::start_streams() {
  begin_stream(begins_with_zlib_header(body_) ? InflateWrapper::zlib : InflateWrapper::raw);
}

Decompressor::Step DeflateDecompressor::run(std::span<char> out) {
  bool ended = false;
  const Step step = inflate(out, ended);
  if (!ended) return step;
  if (!at_end()) return fail(DecompressErrorCode::trailing, "more bytes come behind its end");
  return {step.written, Progress::complete};
}

}  // namespace logdist::codec
