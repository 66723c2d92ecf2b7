#include "codec/compression/zstd_decompressor.hpp"

#include <algorithm>
#include <new>

#include <zstd.h>
#include <zstd_errors.h>

namespace logdist::codec {

void ZstdDecompressor::Free::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

ZstdDecompressor::ZstdDecompressor(DecompressionWatch* watch) : Decompressor(watch) { make_context(); }

void ZstdDecompressor::make_context() {
  context_.reset(ZSTD_createDCtx());
  if (!context_) throw std::bad_alloc();
  ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, window_log_max);
}

void ZstdDecompressor::start() {
  ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
  in_frame_ = false;
  frame_begin_ = 0;
}

Decompressor::Step ZstdDecompressor::run(std::span<char> out) {
  if (at_end()) {
    if (!in_frame_ && position_ > 0) return complete(0);
    // What is decompressed and was not yet asked for may still come.
  } else if (!in_frame_) {
    in_frame_ = true;
    frame_begin_ = position_;
  }
  const std::string_view in = rest().substr(0, std::min(input_max(), piece_max));
  ZSTD_inBuffer input{in.data(), in.size(), 0};
  ZSTD_outBuffer output{out.data(), out.size(), 0};
  const std::size_t code = ZSTD_decompressStream(context_.get(), &output, &input);
  position_ += input.pos;
  if (ZSTD_isError(code) != 0) return fail_with(code);
  in_frame_ = code != 0;
  if (!in_frame_ && at_end()) return complete(output.pos);
  if (input.pos == 0 && output.pos == 0 && at_end()) {
    return fail(DecompressErrorCode::truncated, "it ends before its end");
  }
  return {output.pos, Progress::more};
}

/// A large window is not kept for the next body.
Decompressor::Step ZstdDecompressor::complete(std::size_t written) {
  if (ZSTD_sizeof_DCtx(context_.get()) > kept_bytes_max) make_context();
  return {written, Progress::complete};
}

Decompressor::Step ZstdDecompressor::fail_with(std::size_t code) {
  const ZSTD_ErrorCode error = ZSTD_getErrorCode(code);
  make_context();
  switch (error) {
    case ZSTD_error_memory_allocation: throw std::bad_alloc();
    case ZSTD_error_prefix_unknown:
      if (frame_begin_ == 0) return fail(DecompressErrorCode::malformed, "it does not begin with a zstd frame", 0);
      return fail(DecompressErrorCode::trailing, "behind its end come bytes which are no further zstd frame",
                  frame_begin_);
    case ZSTD_error_frameParameter_windowTooLarge:
      return fail(DecompressErrorCode::malformed, "its window is larger than 8 MiB", frame_begin_);
    case ZSTD_error_dictionary_wrong:
    case ZSTD_error_dictionary_corrupted:
      return fail(DecompressErrorCode::malformed, "it wants a dictionary, which nobody has", frame_begin_);
    case ZSTD_error_checksum_wrong:
      return fail(DecompressErrorCode::malformed, "its checksum differs from its content's");
    default: return fail(DecompressErrorCode::malformed, "its data are no zstd frame");
  }
}

}  // namespace logdist::codec
