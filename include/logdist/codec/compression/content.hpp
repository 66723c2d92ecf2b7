// The content of a compressed body, to be sent on.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "logdist/codec/compression/decompressor_pool.hpp"
#include "logdist/core/buffer.hpp"

namespace logdist::codec {

/// In pieces, in order, none of them empty. Move-only; confined to the thread of its buffers' pool.
struct Content {
  std::vector<core::Buffer> pieces;

  /// Bytes of content.
  std::size_t size() const;
  /// Bytes of memory.
  std::size_t capacity() const;
};

/// Decompresses one body after the other, a slice at a time, to pieces that stay where they are: nothing is copied
/// as a content grows, and none holds more than it needs by a piece. Confined to one thread; the pools outlive it.
class ContentBuilder {
 public:
  /// What a step writes at most, and a piece holds; only a snappy block is one piece, for it may refer to any byte
  /// before.
  static constexpr std::size_t slice_max = std::size_t{256} << 10;

  enum class Progress : std::uint8_t { more, complete, failed };

  ContentBuilder(core::BufferPool& buffers, DecompressorPool& decompressors)
      : buffers_(buffers), decompressors_(decompressors) {}

  /// Begins with `body`, which stays where it is. A content of more than `content_max` bytes fails. False, and nothing
  /// is begun: the pool has no decompressor to lend.
  bool begin(ContentCoding coding, std::string_view body, std::size_t content_max);
  bool is_under_way() const { return decompressor_ != nullptr; }

  /// Bytes of content so far.
  std::size_t size() const { return content_.size(); }
  /// Bytes of memory that it holds, and has once the next step() is done.
  std::size_t capacity() const { return content_.capacity(); }
  std::size_t wanted_capacity() const { return capacity() + next_capacity_; }

  /// Goes on by a slice.
  Progress step();

  /// What is complete; or forgets what is under way.
  Content take();

 private:
  core::BufferPool& buffers_;
  DecompressorPool& decompressors_;
  DecompressorPool::Lease decompressor_;
  Content content_;
  std::size_t next_capacity_ = 0;  ///< of the piece that the next step() takes; 0: the last one has room
};

}  // namespace logdist::codec
