#include "codec/compression/snappy_block.hpp"

#include <algorithm>
#include <cstring>

#include <snappy.h>

namespace logdist::codec {
namespace {

/// Bytes of the size that a block begins with; 0 when there is none.
std::size_t size_prefix(std::string_view block, std::uint64_t& size) {
  constexpr std::size_t prefix_max = 5;
  size = 0;
  for (std::size_t at = 0; at < std::min(block.size(), prefix_max); ++at) {
    const auto byte = static_cast<unsigned char>(block[at]);
    size |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * at);
    if ((byte & 0x80) == 0) return size <= UINT32_MAX ? at + 1 : 0;
  }
  return 0;
}

/// `count` bytes, the lowest first.
std::size_t little_endian(std::string_view bytes, std::size_t count) {
  std::size_t number = 0;
  for (std::size_t at = 0; at < count; ++at) {
    number |= static_cast<std::size_t>(static_cast<unsigned char>(bytes[at])) << (8 * at);
  }
  return number;
}

}  // namespace

std::optional<std::size_t> SnappyBlock::content_size(std::string_view block) {
  std::uint64_t size = 0;
  if (size_prefix(block, size) == 0) return std::nullopt;
  return static_cast<std::size_t>(size);
}

void SnappyBlock::begin(std::string_view block) {
  block_ = block;
  std::uint64_t size = 0;
  position_ = size_prefix(block, size);
  content_size_ = static_cast<std::size_t>(size);
  produced_ = left_ = offset_ = 0;
}

SnappyBlock::Status SnappyBlock::run(std::span<char> out, std::size_t& written) {
  written = 0;
  if (produced_ == 0 && content_size_ <= std::min(out.size(), whole_max) && decompress_whole(out)) {
    written = content_size_;
    return Status::complete;
  }
  while (written < out.size()) {
    if (left_ == 0) {
      const Status status = next_element();
      if (status != Status::more) return status;
    }
    written += copy(out.subspan(written));
  }
  // The last byte of the content: nothing may follow.
  return left_ == 0 && produced_ == content_size_ ? next_element() : Status::more;
}

/// False leaves it to the elements to tell what is wrong, and where.
bool SnappyBlock::decompress_whole(std::span<char> out) {
  if (!snappy::RawUncompress(block_.data(), block_.size(), out.data())) return false;
  produced_ = content_size_;
  position_ = block_.size();
  return true;
}

/// Reads the head of the next element: `more` when there is one.
SnappyBlock::Status SnappyBlock::next_element() {
  const std::string_view rest = block_.substr(position_);
  if (produced_ == content_size_) return rest.empty() ? Status::complete : Status::trailing;
  if (rest.empty()) return Status::truncated;
  constexpr unsigned literal_of_bytes = 60;
  const auto tag = static_cast<unsigned char>(rest.front());
  const unsigned kind = tag & 3u;
  const unsigned upper = tag >> 2;
  std::size_t more_bytes = kind == 3 ? 4 : kind;
  if (kind == 0 && upper >= literal_of_bytes) more_bytes = upper - literal_of_bytes + 1;
  if (rest.size() - 1 < more_bytes) return Status::truncated;
  const std::size_t number = little_endian(rest.substr(1), more_bytes);
  std::size_t length = upper + 1;
  std::size_t offset = 0;
  if (kind == 0) {
    if (more_bytes != 0) length = number + 1;
    if (rest.size() - 1 - more_bytes < length) return Status::truncated;
  } else {
    offset = number;
    if (kind == 1) {
      length = (upper & 7u) + 4;
      offset |= static_cast<std::size_t>(tag >> 5) << 8;
    }
    if (offset == 0 || offset > produced_) return Status::malformed;
  }
  if (length > content_size_ - produced_) return Status::malformed;
  position_ += 1 + more_bytes;
  left_ = length;
  offset_ = offset;
  return Status::more;
}

/// Goes on with the element under way.
std::size_t SnappyBlock::copy(std::span<char> out) {
  const std::size_t count = std::min(left_, out.size());
  if (offset_ == 0) {
    std::memcpy(out.data(), block_.data() + position_, count);
    position_ += count;
  } else if (offset_ >= count) {
    std::memcpy(out.data(), out.data() - offset_, count);
  } else {
    for (std::size_t at = 0; at < count; ++at) out[at] = *(out.data() + at - offset_);
  }
  left_ -= count;
  produced_ += count;
  return count;
}

}  // namespace logdist::codec
