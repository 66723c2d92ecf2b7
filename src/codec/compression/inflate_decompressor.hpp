// gzip and deflate.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "codec/compression/inflate_stream.hpp"
#include "logdist/codec/compression/decompressor.hpp"

namespace logdist::codec {

/// What gzip and deflate have in common: one stream at a time.
///
/// isa-l makes its large tables for each block, so that bodies of tiny blocks take it 230 ms per MiB, where zlib needs
/// 2 to 55, and isa-l 0.3 for logs. Therefore, if there is a watch, a body that takes isa-l much longer than its bytes
/// deserve, also by the thread's own time, is begun again with zlib, and the next ones, for a while, begin with it.
/// Either gives the same content. Only of a body whose codes are not complete, which RFC 1951 does not allow and zlib
/// refuses, may it matter who reads it.
class InflateDecompressor : public Decompressor {
 protected:
  InflateDecompressor(std::unique_ptr<InflateStream> fast, DecompressionWatch* watch)
      : Decompressor(watch), fast_(std::move(fast)) {}

  void start() final;
  virtual void start_streams() = 0;
  void begin_stream(InflateWrapper wrapper);
  /// Goes on with the stream; `ended` when that was its end.
  Step inflate(std::span<char> out, bool& ended);

  void measured(Progress progress) override;

  std::size_t stream_begin_ = 0;  ///< in the body

 private:
  void take_steady();
  Step fail_of(InflateStream::Status status);

  const std::unique_ptr<InflateStream> fast_;
  std::unique_ptr<InflateStream> steady_;  ///< zlib; none until it is needed
  InflateStream* stream_ = nullptr;        ///< one of them
  std::size_t measured_from_ = 0;          ///< bytes of the body, or of its content, that what is spent is not for
};

/// All members are read. What is behind the last and is none is an error: other readers
/// might take it for content.
class GzipDecompressor final : public InflateDecompressor {
 public:
  explicit GzipDecompressor(std::unique_ptr<InflateStream> fast, DecompressionWatch* watch = nullptr)
      : InflateDecompressor(std::move(fast), watch) {}

 protected:
  void start_streams() override;
  Step run(std::span<char> out) override;

 private:
  bool in_member_ = false;
};

/// zlib's format or raw deflate, by what it begins with.
class DeflateDecompressor final : public InflateDecompressor {
 public:
  explicit DeflateDecompressor(std::unique_ptr<InflateStream> fast, DecompressionWatch* watch = nullptr)
      : InflateDecompressor(std::move(fast), watch) {}

 protected:
  void start_streams() override;
  Step run(std::span<char> out) override;
};

}  // namespace logdist::codec
