// Decodes a body that is compressed, or long.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <variant>

#include "logdist/codec/compression/decompressor_pool.hpp"
#include "logdist/codec/decode.hpp"
#include "logdist/core/buffer.hpp"

namespace logdist::codec {

/// Decompresses a body and decodes its content, a slice at a time. Content of up to `whole_max` bytes is put
/// together and decoded as a whole; more than that is decoded in pieces, and gone at once. Only a snappy
/// block of more than that is kept until its end, for it may refer to any byte before.
///
/// Confined to one thread. What it is made with outlives it, and the body stays where it is.
class CodedBody {
 public:
  static constexpr std::size_t whole_max = Decoder::max_kept_body;
  /// What a step decompresses, and decodes in pieces, at most.
  static constexpr std::size_t slice_max = std::size_t{256} << 10;

  /// `content_max`: bytes that the content may have. A step more than them is the error `too_large`.
  CodedBody(Decoder& decoder, core::BufferPool& buffers, DecompressorPool::Lease decompressor, Format format,
            std::string_view body, std::size_t content_max);

  /// For one that is not compressed, and is decoded in pieces.
  CodedBody(Decoder& decoder, core::BufferPool& buffers, Format format, std::string_view body);

  /// Bytes of memory that the next step() uses for the content, altogether.
  std::size_t wanted_bytes() const { return wanted_bytes_; }

  /// Compressed bytes, more of which make a body lengthy; and so does more content than is decoded as a whole, and if
  /// it takes long.
  static constexpr std::size_t lengthy_body_bytes = std::size_t{128} << 10;

  /// Goes on by a slice. False: result() is there.
  bool step();

  /// After a step(): whether it has turned out to be lengthy while enough of those are under way. Then it is to end,
  /// and may be begun again later, with a decompressor for a lengthy one.
  bool is_to_wait();

  using Result = std::variant<Decoded, DecodeError, DecompressError>;
  /// The offset of a DecodeError is within the content. What it refers to is valid as long as this, and
  /// until the decoder's next body.
  const Result& result() const { return result_; }

  /// Bytes of the content so far.
  std::size_t content_bytes() const { return content_bytes_; }

 private:
  bool decompress();
  bool feed();
  bool feed_plain();
  bool end(const DecodeResult& result);

  Decoder& decoder_;
  core::BufferPool& buffers_;
  DecompressorPool::Lease decompressor_;  ///< none of a body that is not compressed
  const Format format_;
  std::string_view plain_;  ///< what is left to be read of a body that is not compressed
  std::size_t wanted_bytes_ = 0;
  std::size_t content_bytes_ = 0;
  core::Buffer content_;                ///< or what was decompressed of it and not read yet
  bool complete_ = false;               ///< all is decompressed
  std::unique_ptr<BodyReader> reader_;  ///< of content in pieces
  std::size_t read_bytes_ = 0;          ///< of content_
  Result result_;
};

}  // namespace logdist::codec
