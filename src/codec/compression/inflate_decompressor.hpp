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
class InflateDecompressor : public Decompressor {
 protected:
  explicit InflateDecompressor(std::unique_ptr<InflateStream> stream) : stream_(std::move(stream)) {}

  void begin_stream(InflateWrapper wrapper);
  /// Goes on with the stream; `ended` when that was its end.
  Step inflate(std::span<char> out, bool& ended);

  std::size_t stream_begin_ = 0;  ///< in the body

 private:
  Step fail_of(InflateStream::Status status);

  std::unique_ptr<InflateStream> stream_;
};

/// All members are read. What is behind the last and is none is an error: other readers
/// might take it for content.
class GzipDecompressor final : public InflateDecompressor {
 public:
  explicit GzipDecompressor(std::unique_ptr<InflateStream> stream) : InflateDecompressor(std::move(stream)) {}

 protected:
  void start() override;
  Step run(std::span<char> out) override;

 private:
  bool in_member_ = false;
};

/// zlib's format or raw deflate, by what it begins with.
class DeflateDecompressor final : public InflateDecompressor {
 public:
  explicit DeflateDecompressor(std::unique_ptr<InflateStream> stream) : InflateDecompressor(std::move(stream)) {}

 protected:
  void start() override;
  Step run(std::span<char> out) override;
};

}  // namespace logdist::codec
