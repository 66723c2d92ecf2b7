#include "codec/compression/snappy_decompressor.hpp"

#include <algorithm>
#include <cstring>

#include <snappy.h>

#include "logdist/base/crc32c.hpp"

namespace logdist::codec {
namespace {

/// The framed format (github.com/google/snappy, framing_format.txt).
constexpr std::string_view stream_identifier("\xff\x06\x00\x00sNaPpY", 10);
constexpr std::size_t chunk_head_size = 4;
constexpr std::size_t checksum_size = 4;
constexpr std::size_t chunk_content_max = std::size_t{64} << 10;

enum ChunkType : std::uint8_t {
  compressed = 0x00,
  uncompressed = 0x01,
  first_skippable = 0x80,
  identifier = 0xff,
};

std::uint32_t little_endian_of(std::string_view bytes, std::size_t count) {
  std::uint32_t number = 0;
  for (std::size_t at = 0; at < count; ++at) {
    number |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at])) << (8 * at);
  }
  return number;
}

/// A checksum as the format stores it.
std::uint32_t masked(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

}  // namespace

void SnappyDecompressor::start() {
  framed_ = body_.starts_with(stream_identifier);
  held_back_ = {};
  chunk_.reset();
  if (framed_) return;
  const auto size = SnappyBlock::content_size(body_);
  if (size && *size <= content_max_) contiguous_size_ = *size;
  block_.begin(body_);
}

Decompressor::Step SnappyDecompressor::run(std::span<char> out) { return framed_ ? run_frames(out) : run_block(out); }

Decompressor::Step SnappyDecompressor::run_block(std::span<char> out) {
  if (!contiguous_size_) {
    if (SnappyBlock::content_size(body_)) {
      return fail(DecompressErrorCode::too_large, "the size that it claims is larger than allowed");
    }
    if (body_.size() < 5) return fail(DecompressErrorCode::truncated, "it ends before its end", body_.size());
    return fail(DecompressErrorCode::malformed, "it is neither a snappy block nor a framed snappy stream");
  }
  std::size_t written = 0;
  const SnappyBlock::Status status = block_.run(out, written);
  position_ = block_.position();
  switch (status) {
    case SnappyBlock::Status::more: return {written, Progress::more};
    case SnappyBlock::Status::complete: return {written, Progress::complete};
    case SnappyBlock::Status::truncated: return fail(DecompressErrorCode::truncated, "it ends before its end");
    case SnappyBlock::Status::trailing: return fail(DecompressErrorCode::trailing, "more bytes come behind its end");
    case SnappyBlock::Status::malformed: break;
  }
  return fail(DecompressErrorCode::malformed, "its data are no snappy block");
}

Decompressor::Step SnappyDecompressor::run_frames(std::span<char> out) {
  if (!held_back_.empty()) return hand_over(out);
  if (at_end()) return {0, Progress::complete};
  return open_chunk(out);
}

/// What a chunk had more than there was space for.
Decompressor::Step SnappyDecompressor::hand_over(std::span<char> out) {
  const std::size_t count = std::min(held_back_.size(), out.size());
  std::memcpy(out.data(), held_back_.data(), count);
  held_back_.remove_prefix(count);
  return {count, Progress::more};
}

Decompressor::Step SnappyDecompressor::open_chunk(std::span<char> out) {
  if (rest().size() < chunk_head_size) {
    return fail(DecompressErrorCode::truncated, "it ends before its end", body_.size());
  }
  const auto type = static_cast<std::uint8_t>(rest().front());
  const std::size_t size = little_endian_of(rest().substr(1), 3);
  if (type == identifier && !rest().starts_with(stream_identifier)) {
    return fail(DecompressErrorCode::malformed, "a stream identifier is wrong");
  }
  if (type > uncompressed && type < first_skippable) {
    return fail(DecompressErrorCode::malformed, "a chunk is of a type that may not be skipped");
  }
  if (rest().size() - chunk_head_size < size) {
    return fail(DecompressErrorCode::truncated, "it ends before its end", body_.size());
  }
  if (type <= uncompressed) return open_data(type, rest().substr(chunk_head_size, size), out);
  position_ += chunk_head_size + size;
  return {0, Progress::more};
}

/// Decompresses a chunk to `out`, or to where it is kept if that is too small.
Decompressor::Step SnappyDecompressor::open_data(std::uint8_t type, std::string_view chunk, std::span<char> out) {
  const auto wrong = [this] { return fail(DecompressErrorCode::malformed, "the data of a chunk are no snappy block"); };
  if (chunk.size() < checksum_size) return wrong();
  const std::string_view data = chunk.substr(checksum_size);
  const auto claimed = type == compressed ? SnappyBlock::content_size(data) : std::optional(data.size());
  if (!claimed) return wrong();
  if (*claimed > chunk_content_max) return fail(DecompressErrorCode::malformed, "a chunk's content is above 64 KiB");
  char* content = out.data();
  if (*claimed > out.size()) {
    if (!chunk_) chunk_ = std::make_unique<char[]>(chunk_content_max);
    content = chunk_.get();
  }
  if (type == uncompressed) {
    std::memcpy(content, data.data(), data.size());
  } else if (!snappy::RawUncompress(data.data(), data.size(), content)) {
    return wrong();
  }
  if (masked(crc32c(0, {content, *claimed})) != little_endian_of(chunk, checksum_size)) {
    return fail(DecompressErrorCode::malformed, "a chunk's checksum differs from its content's");
  }
  position_ += chunk_head_size + chunk.size();
  if (content == out.data()) return {*claimed, Progress::more};
  held_back_ = {content, *claimed};
  return hand_over(out);
}

}  // namespace logdist::codec
