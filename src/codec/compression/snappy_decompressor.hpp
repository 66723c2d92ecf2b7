// snappy: one block, or the framed format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "codec/compression/snappy_block.hpp"
#include "logdist/codec/compression/decompressor.hpp"

namespace logdist::codec {

/// `Content-Encoding: snappy` means a block to some agents and frames to others; they begin differently. A block
/// refers to any byte before, so its content is wanted in one place (contiguous_size()).
class SnappyDecompressor final : public Decompressor {
 public:
  explicit SnappyDecompressor(DecompressionWatch* watch = nullptr) : Decompressor(watch) {}

 protected:
  void start() override;
  Step run(std::span<char> out) override;

 private:
  Step run_block(std::span<char> out);
  Step run_frames(std::span<char> out);
  Step open_chunk(std::span<char> out);
  Step open_data(std::uint8_t type, std::string_view chunk, std::span<char> out);
  Step hand_over(std::span<char> out);

  bool framed_ = false;
  SnappyBlock block_;
  std::unique_ptr<char[]> chunk_;  ///< what did not fit of a chunk's content
  std::string_view held_back_;     ///< of it
};

}  // namespace logdist::codec
